"""t-SNE on the page: it is begun, shows how far it is and then the figure, is kept, and can be cancelled."""

import threading
import time
from pathlib import Path

import numpy as np

from app.learnt import tsne_maps
from app.visit import moment
from dfa_lab.inspect.mapping import Mapping
from dfa_lab.machine import memory
from dfa_lab.settings.parsing import parse
from tests.runs.patience import until, until_state, until_step

ROOT = Path(__file__).parents[2]
SETTINGS = {"dataset": "points", "num_layers": 1, "num_hidden": 8, "rules": "bp,dfa", "epochs": 10_000, "device": "cpu"}


def html(app) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def texts(app) -> str:
    return " ".join(one.value for kind in ("caption", "info", "warning", "error") for one in app.get(kind))


def press(app, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


class Held(Mapping):
    """One that begins once it is let go: the page can be looked at meanwhile."""

    gate = threading.Event()

    def _follow(self, layers: list[np.ndarray]) -> None:
        while not (self.cancelled or self.gate.wait(0.01)):
            pass
        super()._follow(layers)


def test_maps_are_made_kept_and_cancelled(app, monkeypatch):
    from app.shell.server import manager

    id = manager().start(parse(SETTINGS), pace=50)
    until_step(manager(), id, 2)
    app.query_params["experiment"] = id
    app.run()
    app.switch_page(str(ROOT / "pages" / "learnt.py")).run()
    for label, value in (("View", "Hidden layers"), ("Map", "t-SNE")):
        next(one for one in app.button_group if one.label == label).set_value(value).run()
    monkeypatch.setattr(tsne_maps, "Mapping", Held)
    with monkeypatch.context() as full:
        full.setattr(memory, "free", lambda: 10**8)
        press(app, "tsne_make")
        assert "The maps cannot be made now, since it takes up to 23" in texts(app) and "90.0 MB of memory are free" in texts(
            app
        )
    press(app, "tsne_make")
    assert len(manager().promises.given) == 1
    first: tsne_maps.Maps = app.session_state["tsne_maps"]
    assert "of 3 maps done" in app.get("progress")[0].proto.text and "tsne_make" not in {one.key for one in app.button}
    Held.gate.set()
    until(lambda: not first.mapping.running)
    assert not manager().promises.given
    app.run()
    shown = html(app)
    assert not first.mapping.problem and shown.count('alt="t-SNE map of 18 test samples, ') == 4  # the input in both rows
    assert shown.index("input of bp") < shown.index("hidden layer 1 of bp") < shown.index("hidden layer 1 of dfa")
    assert f"Taken at step {first.step:,}: 18 test samples" in texts(app)
    step = first.step
    time.sleep(0.1)
    app.run()
    assert f"Taken at step {step:,}" in texts(app) and app.session_state["tsne_maps"] is first  # not made again by itself

    Held.gate.clear()
    press(app, "tsne_make")
    second: tsne_maps.Maps = app.session_state["tsne_maps"]
    assert second is not first
    press(app, "tsne_cancel")
    assert second.mapping.process.returncode is not None and not second.mapping.running
    assert app.session_state["tsne_maps"] is first and html(app).count('alt="t-SNE map') == 4

    busy = [
        Mapping([np.random.RandomState(0).normal(size=(2000, 50))] * 9, np.zeros(2000, int)) for _ in range(tsne_maps.AT_ONCE)
    ]
    tsne_maps._under_way()[0].update(busy)
    press(app, "tsne_make")
    assert "2 visitors are having maps made" in texts(app)
    for one in busy:
        one.cancel()
    monkeypatch.setattr(moment, "QUICK", -1.0)  # else its last step would be replayed, and could be mapped
    manager().stop(id)
    until_state(manager(), id, "stopped")
    until(lambda: manager()._lives[id].trainer is None)
    press(app, "tsne_make")
    assert "press Reset in the Lab" in texts(app) and html(app).count('alt="t-SNE map') == 4
