"""Settings as a person gave them, to an Experiment; and an Experiment as texts, to links and command lines."""

import difflib
import shlex
from collections.abc import Mapping

from pydantic import ValidationError

from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.network_settings import NETWORKS, USED
from dfa_lab.settings.wording import SPELLINGS, allowed, label, refuse, shown, spellings

MOST_SAID = 12  # widths of layers in a description


def parse(settings: Mapping[str, object]) -> Experiment:
    """Settings as a person gave them, any spelling, texts or numbers, to an Experiment.

    Raises SettingsError with one sentence for each setting that is unknown, given twice or out of bounds.
    """
    problems: list[str] = []
    given: dict[str, object] = {}
    for key, value in settings.items():
        name = SPELLINGS.get(key)
        if name is None:
            near = difflib.get_close_matches(str(key), SPELLINGS, n=1)
            hint = f"did you mean {near[0]}?" if near else "python -m dfa_lab train --help lists them all."
            problems.append(f"{shown(key)} is not a setting: {hint}")
        elif name in given:
            problems.append(f"{label(name)} is given twice: give it once.")
        else:
            given[name] = value
    try:
        experiment = Experiment.model_validate(given)
    except ValidationError as error:
        refused: set[str] = set()
        for one in error.errors():
            name = SPELLINGS.get(str(one["loc"][0])) if one["loc"] else None
            if name is None:
                problems.append(one["msg"])
            elif name not in refused:
                refused.add(name)
                wanted = one["msg"] if one["type"] == "explained" else allowed(name)
                problems.append(refuse(name, given.get(name), wanted))
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return experiment


def as_stored(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings that were written down with a training, as they count today: a lab before `redraw` always drew anew."""
    own = str(settings.get("network", "")) not in ("", *NETWORKS)
    return {**({"redraw": True} if own else {}), **settings}


def keep_good(settings: Mapping[str, object]) -> tuple[Experiment, list[str]]:
    """An Experiment as from `parse`, with what cannot be used left at its default, and the sentences about that."""
    try:
        return parse(settings), []
    except SettingsError:
        pass
    problems: list[str] = []
    good: dict[str, object] = {}
    order = list(Experiment.model_fields)  # not as given: fewer rules first may make room for more seeds
    known = sorted((key for key in settings if key in SPELLINGS), key=lambda key: order.index(SPELLINGS[key]))
    for key in [*known, *(key for key in settings if key not in SPELLINGS)]:
        value = settings[key]
        try:
            parse({**good, key: value})
        except SettingsError as error:
            problems.extend(error.problems)
        else:
            good[key] = value
    return parse(good), problems


def differences(experiment: Experiment) -> dict[str, str]:
    """The settings that are not at their defaults, as texts that `parse` takes: for links and command lines."""
    texts = {}
    for name, field in Experiment.model_fields.items():
        value = getattr(experiment, name)
        if value != field.default:
            texts[name] = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return texts


def describe(experiment: Experiment) -> str:
    """What is trained on what, in a few words."""
    more = [name for name in ("whiten", "augment", "batchnorm", "dropout", "exact") if getattr(experiment, name)]
    more += [f"{experiment.train_samples:,} training samples"] if experiment.train_samples else []
    more += [f"ε {experiment.eps:g}"] if experiment.eps else []
    more += [f"{experiment.feedback_distribution} feedback"] if experiment.feedback_distribution != "uniform" else []
    more += [f"feedback × {_scales(experiment.feedback_scales)}"] if experiment.feedback_scales != (1.0,) else []
    about = [experiment.dataset, experiment.network + _widths(experiment)]
    return ", ".join([*about, experiment.criterion, experiment.optimizer, *more])


def _scales(factors: tuple[float, ...]) -> str:
    written = ", ".join(f"{one:g}" for one in factors)
    return written if len(factors) == 1 else f"({written})"


def _widths(experiment: Experiment) -> str:
    """How wide and deep the network is, by the settings that it uses."""
    uses = USED.get(experiment.network, ())
    alike = isinstance(experiment.num_hidden, int)
    sizes = [str(getattr(experiment, name)) for name in ("num_layers", "num_hidden") if alike and name in uses]
    lists = ["conv_channels", "conv_hidden", *([] if alike else ["num_hidden"])]
    each = [str(n) for name in lists if name in uses for n in getattr(experiment, name)]
    each = each if len(each) <= MOST_SAID else [*each[:3], "…", each[-1]]
    said = ["×".join(sizes), "-".join(each), experiment.nonlin if "nonlin" in uses else ""]
    return "".join(f" {part}" for part in said if part)


def command(experiment: Experiment) -> str:
    """The command line that trains this experiment headless."""
    words = ["python -m dfa_lab train"]
    for name, text in differences(experiment).items():
        if extra(Experiment.model_fields[name])["switch"]:
            words.append(f"--{spellings(name)[0]}")
        else:
            words.append(f"--{spellings(name)[0]} {shlex.quote(text)}")
    return " ".join(words)
