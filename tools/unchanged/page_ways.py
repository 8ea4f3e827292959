"""Experiments of the page, which a manager trains: changed, forked, replayed, continued and trained on."""

from pathlib import Path

from experiments import LONG
from managed_lab import Lab
from recording import Recording, copied, lasting, together


def from_page(place: Path) -> Recording:
    """An experiment that pauses after each epoch, and whose learning rate and feedback are changed."""
    with Lab(place) as lab:
        id = lab.begin({"num_layers": 3, "seeds": "0,1", "epochs": 5})
        lab.epoch(id)
        lab.change(id, "flip", 1)
        lab.manager.set_learning_rate(id, 2e-3)
        lab.epoch(id)
        lab.change(id, "redraw", 2)
        lab.change(id, "break", 1, "dfa", 7)
        lab.step(id, lab.epoch(id))
        lab.finish(id)
        return lab.recording(id)


def forked(place: Path) -> Recording:
    """Forks at past steps with other settings, and the copy of an experiment that has paused; the original goes on too."""
    with Lab(place) as lab:
        id = lab.begin({"epochs": 3, "seeds": "0,1"})
        at = lab.epoch(id)
        copy = lab.manager.fork(id, paused=False)
        lab.wait(copy, "finished")
        lab.change(id, "redraw", 1)
        lab.finish(id)
        others = {"optimizer": "adam", "criterion": "ce", "dropout": 1, "learning_rate": 2e-3, "epochs": 4, "halve_every": 0}
        early = lab.manager.fork_at(id, at // 2, others)
        late = lab.manager.fork_at(id, at + 5, {"weight_decay": 1e-3, "eps": 0.05, "measures": "angles,units"})
        long = lab.begin({**LONG, "rules": "bp,dfa", "halve_every": 0})
        lab.finish(long)
        between = lab.manager.fork_at(long, 1301, {"criterion": "ce"})  # two records
        for one in (early, late, between):
            lab.wait(one, "finished")
        ids = {"original": id, "copy": copy, "early": early, "late": late, "long": long, "between": between}
        return together(**{name: lab.recording(one) for name, one in ids.items()})


def replayed(place: Path) -> Recording:
    """Replays of past steps, before and after changes, in an order that goes back and forth."""
    with Lab(place) as lab:
        id = lab.begin({"optimizer": "nag", "momentum": 0.9, "learning_rate": 0.02, "dropout": 1, "epochs": 4})
        at = lab.epoch(id)
        lab.change(id, "flip", 1)
        lab.manager.set_learning_rate(id, 0.05)
        lab.finish(id)
        made = {"run": lab.recording(id)}
        for step in (at + 40, 1, at, at + 10, at - 10, at + 20):  # the last one from what the first has left behind
            tensors, numbers = lab.replayed(id, step).state()
            counted = {name: number for name, number in lasting(numbers).items() if name != "wrong"}  # see Lab.finish
            made[f"step {step}"] = Recording([], copied(tensors), {"numbers": counted})
        return together(**made)


def continued(place: Path) -> Recording:
    """Two experiments that go on from checkpoints: one was stopped, one had paused when the lab was closed."""
    ids = {}
    with Lab(place) as lab:
        for name, settings in {"stopped": {"optimizer": "adam", "seeds": "0,1"}, "interrupted": {"dropout": 1}}.items():
            id = ids[name] = lab.begin({**settings, "epochs": 4}, keep=True)
            lab.epoch(id)
            lab.change(id, "redraw", 2)
            lab.manager.set_learning_rate(id, 2e-3)
            lab.epoch(id)
        lab.manager.stop(ids["stopped"])
    made = {}
    with Lab(place) as lab:
        for name, id in ids.items():
            before = lab.told(id)
            lab.manager.continue_stored(id)
            lab.wait(id, "finished")
            made[name] = lab.recording(id)
            made[name].figures["before"] = before
    return together(**made)


def trained_on(place: Path) -> Recording:
    """A finished experiment goes on for more epochs, and again in another lab; a stopped one goes on as well."""
    with Lab(place) as lab:
        id = lab.begin({"halve_every": 2, "dropout": 1, "epochs": 2})
        lab.finish(id)
        lab.manager.train_on(id, 3)
        lab.wait(id, "finished")
        stopped = lab.begin({"optimizer": "adamax", "epochs": 3, "rules": "dfa,bp"})
        lab.epoch(stopped)
        lab.manager.stop(stopped)
    with Lab(place) as lab:
        lab.manager.train_on(id, 5)
        lab.wait(id, "finished")
        lab.manager.train_on(stopped, 4)
        lab.wait(stopped, "finished")
        return together(finished=lab.recording(id), stopped=lab.recording(stopped))
