"""Begin a training from the options of the command line, anew or from a saved run, and train to the end."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dfa_lab.cli.interrupt import patient
from dfa_lab.cli.listed import Listed
from dfa_lab.cli.options import refused
from dfa_lab.cli.output import Output, Run, progress
from dfa_lab.data import DataError, shortfall, whole
from dfa_lab.networks import own_file
from dfa_lab.processes.sharing import chosen, one_process_only
from dfa_lab.processes.together import Together, Unfinished
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import as_stored, parse
from dfa_lab.settings.wording import label, refuse, shown
from dfa_lab.train import checkpoint, saved
from dfa_lab.train.failures import out_of_memory, sentence
from dfa_lab.train.results import of_whole_epochs
from dfa_lab.train.saving import LastingResults, Saving, results_of
from dfa_lab.train.trainer import Diverged, Trainer

FREE = {"load", *checkpoint.CHANGEABLE}  # settings that may be others when a run is continued


@dataclass
class Begun:
    """A training under way."""

    trainer: Trainer | Together
    results: LastingResults
    notice: str = ""  # what it begins from
    incomplete: str = ""  # what is not whole: its data set


def begin(wanted: Experiment | dict[str, Any]) -> Begun:
    """A training of an experiment, or of the settings given beside `load`, or exit status 2."""
    try:
        return _anew(wanted) if isinstance(wanted, Experiment) else _from_saved(wanted)
    except SettingsError as error:
        raise refused(error.problems) from None
    except checkpoint.CheckpointError as error:
        name = wanted.load if isinstance(wanted, Experiment) else wanted["load"]
        raise refused([f"{label('load')} is {shown(name, 120)}: {error}"]) from None
    except DataError as error:
        raise refused([str(error)]) from None
    except Exception as error:
        experiment = wanted if isinstance(wanted, Experiment) else parse({**wanted, "load": ""})
        told = sentence(error) if out_of_memory(error) else own_file.explain(error, experiment)
        if told is None:
            raise
        raise refused([told]) from None


def _anew(experiment: Experiment, notice: str = "") -> Begun:
    if experiment.save:
        saved.claim(experiment.save, continued=None)
    trainer = Trainer(experiment)
    own = experiment.network_file and not experiment.load
    begins = own_file.begins_with(experiment, trainer.runs[0].network) if own else ""
    notices = "\n".join(filter(None, [notice, begins]))
    return Begun(trainer, LastingResults(experiment, trainer.device), notices, _incomplete(trainer))


def _incomplete(trainer: Trainer) -> str:
    return shortfall(whole(trainer.experiment), trainer.data.read)


def _from_saved(given: dict[str, Any]) -> Begun:
    """Continue the saved run if nothing else is asked for, else start from its weights; its settings are the defaults."""
    name = given["load"]
    path = saved.net(name)
    before = as_stored(checkpoint.read(path)[1]["experiment"])
    path_given = path.suffix in name
    inherited = dict(before)
    if path_given and path.resolve().parent != saved.folder(str(before.get("save"))).resolve():
        inherited["save"] = ""  # the name is another file's
    wanted = parse({**inherited, **given})
    if path_given and wanted.network_file and "network" not in given:
        trust = f"it is of a network in the file {shown(wanted.network, 120)}, which would be run"
        raise SettingsError([f"{label('load')} is {shown(name, 120)}: {trust}; give --network too if you trust that file."])
    now = wanted.model_dump(mode="json")
    defaults = Experiment.model_construct().model_dump(mode="json")
    changed = {field for field, value in now.items() if value != before.get(field, defaults[field])}
    if changed <= FREE:
        return _continued(path, wanted, {field: now[field] for field in changed - {"load"}})
    anew = wanted.model_copy(update={"save": given.get("save", "")})
    return _anew(anew, f"Starts from the weights of {shown(name, 120)}.")


def _continued(path: Path, wanted: Experiment, changes: dict[str, Any]) -> Begun:
    if wanted.save:
        saved.claim(wanted.save, continued=path)
    trainer = _as_far(path, wanted, changes)
    if trainer.done:
        more = f"the run has done all of its {trainer.plan.epochs} epochs; give more with --epoch to continue it"
        raise SettingsError([f"{label('load')} is {shown(wanted.load, 120)}: {more}."])
    results = results_of(path.parent, trainer.experiment, trainer.device, trainer.step)
    notice = f"Continues {shown(wanted.load, 120)} at step {trainer.step} of {trainer.steps}."
    return Begun(trainer, results, notice, _incomplete(trainer))


def _as_far(path: Path, wanted: Experiment, changes: dict[str, Any]) -> Trainer:
    """The trainer at the saved step. Raises SettingsError if the epochs wanted are fewer than those done."""
    epochs = changes.pop("epochs", None)
    trainer = checkpoint.load(path, changes)
    if epochs is None:
        return trainer
    if trainer.epoch > epochs:
        done = f"a whole number above {int(trainer.epoch)}, the epochs that {shown(wanted.load, 120)} has done"
        raise SettingsError([refuse("epochs", epochs, done)])
    return checkpoint.load(path, {**changes, "epochs": epochs})


def spread(begun: Begun) -> Begun:
    """The same training in several processes, where it may be and is worth it (processes/)."""
    trainer = begun.trainer
    assert isinstance(trainer, Trainer)
    if (count := chosen(trainer)) > 1:
        return replace(begun, trainer=Together(trainer, count))
    why = one_process_only(trainer.experiment, trainer.device.type) if trainer.experiment.processes > 1 else ""
    notice = f"Trains in one process: {why}." if why else ""
    return replace(begun, notice="\n".join(filter(None, [begun.notice, notice])))


def keep(begun: Begun) -> Output:
    """What keeps the run under its name, or exit status 2."""
    assert isinstance(begun.trainer, Trainer)
    name = begun.trainer.experiment.save
    try:
        return Run(Saving(begun.trainer, begun.results), name)
    except OSError as error:
        reason = f"the folder {saved.folder(name)} cannot be made ({error.strerror or error})"
        raise refused([f"{label('save')} is {shown(name, 120)}: {reason}; name another folder of runs with --runs."]) from None


def advance(begun: Begun, outputs: list[Output], quiet: bool, listed: Listed | None = None) -> tuple[dict, list[str]]:
    """Train to the end, or until it fails; the summary, which then holds why under `failed`, and what went wrong."""
    try:
        summary, state = _advance(begun, outputs, quiet, listed)
    except BaseException as error:  # goes on to who called; the store is not to say that it still runs
        if listed:
            listed.end("failed", sentence(error))
        raise
    failed = summary.get("failed", "")
    unlisted = listed.end(state, failed) if listed else ""
    return summary, [problem for problem in (failed, unlisted) if problem]


def _advance(begun: Begun, outputs: list[Output], quiet: bool, listed: Listed | None) -> tuple[dict, str]:
    """The summary and the state in which it ended."""
    trainer, results = begun.trainer, begun.results
    with progress(trainer.steps, quiet) as shown_progress, patient() as interrupted:
        bar = shown_progress.add_task("training", total=trainer.steps, completed=trainer.step)
        try:
            for records in trainer:
                results.add(records)
                if listed:
                    listed.add(records)
                if records:
                    done = f"epoch {trainer.epoch:.1f}/{trainer.experiment.epochs}"
                    shown_progress.update(bar, completed=trainer.step, description=done)
                if any(map(of_whole_epochs, records)):
                    for output in outputs:
                        output.meanwhile(results.summary)
                if interrupted:
                    raise KeyboardInterrupt
            shown_progress.update(bar, completed=trainer.step)
        except KeyboardInterrupt:
            state, failed = "stopped", f"Stopped at step {trainer.step} of {trainer.steps}."
        except (Diverged, Unfinished) as error:
            state, failed = "failed", str(error)
        except Exception as error:
            told = sentence(error) if out_of_memory(error) else own_file.explain(error, trainer.experiment)
            if told is None:
                raise
            state, failed = "failed", told
        else:
            if not isinstance(trainer, Trainer) or not trainer.failed:
                return results.summary(), "finished"
            state, failed = "failed", " ".join(trainer.failed.values())  # the others were trained to the end
    return results.summary() | {"failed": failed}, state
