"""The report's words: a summary's settings, figures and origin as plain texts. Nothing here is escaped."""

from typing import Any

from app.report.panels import layers, mean_and_spread, rules
from dfa_lab import drawing
from dfa_lab.config import Experiment, SettingsError, extra
from dfa_lab.parsing import command, describe, parse
from dfa_lab.wording import title

MANY_LAYERS = 6  # angles that a table shows each in its own column


def experiment(summary: dict[str, Any]) -> Experiment:
    """What was trained; it may have been on a device that this machine lacks."""
    settings = summary["settings"]
    try:
        return parse(settings)
    except SettingsError:
        return parse({**settings, "device": "auto"}).model_copy(update={"device": settings.get("device", "auto")})


def heading(summary: dict[str, Any]) -> str:
    """The rules and what they learn."""
    return f"{', '.join(rules(summary))} on {describe(experiment(summary))}"


def repeat(summary: dict[str, Any]) -> str:
    """The command line that trains the same again; the name of this run is taken."""
    return command(experiment(summary).model_copy(update={"save": ""}))


def settings(summary: dict[str, Any]) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """(name, value, default) of the settings that differ from their defaults, and of the others."""
    other: list[tuple[str, str, str]] = []
    usual: list[tuple[str, str, str]] = []
    given = experiment(summary)
    for name, field in Experiment.model_fields.items():
        value = getattr(given, name)
        label = title(name).removesuffix(f" ({extra(field)['unit']})")
        show = _drawn if name == "points" else _shown  # the command to repeat it has the points themselves
        row = (label, show(value), show(field.default))
        (usual if value == field.default else other).append(row)
    return other, usual


def _drawn(text: str) -> str:
    points = drawing.decode(text)
    return f"{len(points)} points of {drawing.classes(points)} classes"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value) or "–"


def origin(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, which): device and versions."""
    made_by = [("Device", f"{summary['device']['title']} ({summary['device']['name']})")]
    return made_by + [(name.capitalize(), str(version)) for name, version in summary["versions"].items()]


def figures(summary: dict[str, Any]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """(names of the columns, (rule, figures) of each rule): after the last epoch, mean ± standard deviation over seeds."""
    found = layers(summary)
    names = [f"angle {layer}" for layer in found] if len(found) <= MANY_LAYERS else ["angles"]
    rows = []
    for rule in rules(summary):
        own = [run for run in summary["runs"] if run["rule"] == rule]
        cells = [_spread([run.get(metric) for run in own], 100, " %") for metric in ("test_error", "train_error")]
        cells += [_spread([run.get("test_loss") for run in own], 1, "", 3)]
        angles = [_spread([_last_angle(run, layer) for run in own], 1, "°", 1) for layer in found]
        rows.append((rule, [str(len(own)), *cells, *(angles if len(found) <= MANY_LAYERS else [_range(own, found)])]))
        rows[-1][1].append(_spread([run["seconds"] for run in own], 1, " s", 1))
    return ["seeds", "test error", "training error", "test loss", *names, "time"], rows


def each_run(summary: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """(rule, figures) of each run: seed, test error, training error, steps."""
    rows = []
    for run in summary["runs"]:
        errors = [_spread([run.get(metric)], 100, " %") for metric in ("test_error", "train_error")]
        rows.append((run["rule"], [str(run["seed"]), *errors, f"{run['steps']:,}"]))
    return rows


def _last_angle(run: dict[str, Any], layer: str) -> float | None:
    degrees = run["angles"].get("signal", {}).get(layer)
    return degrees[-1] if degrees else None


def _range(runs: list[dict[str, Any]], found: list[str]) -> str:
    known = [angle for run in runs for layer in found if (angle := _last_angle(run, layer)) is not None]
    return f"{min(known):.0f}° to {max(known):.0f}°" if known else "–"


def _spread(values: list[float | None], factor: int, unit: str, digits: int = 2) -> str:
    known = [factor * value for value in values if value is not None]
    if not known:
        return "–"
    mean, spread = mean_and_spread(known)
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if len(known) > 1 else "") + unit
