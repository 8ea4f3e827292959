"""Experiments as a table to find one in and to publish from: what differs, who matches, last values over seeds."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

import pandas as pd

from dfa_lab.compare.as_of import as_of, last_steps
from dfa_lab.records import METRICS
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.experiment import RULES, Experiment, extra
from dfa_lab.settings.parsing import describe
from dfa_lab.settings.wording import title

OTHERS = "settings of another version of the lab"
# where, not what; and what the table shows in columns of its own
NOT_COMPARED = ("save", "load", "datapath", "preproc_folder", "models_folder", "download", "rules", "seeds")
LARGE = 1e6
MOST_OLDER = 6  # figures that are named
SETTINGS = tuple(name for name in Experiment.model_fields if name not in NOT_COMPARED)


@dataclass(frozen=True)
class Wanted:
    """Which experiments are listed; what is empty wants all."""

    text: str = ""  # every word of it somewhere in what is written about the experiment
    states: Collection[str] = ()
    datasets: Collection[str] = ()
    rules: Collection[str] = ()  # any of them
    tags: Collection[str] = ()  # any of them
    latest: bool = False  # of those with the same settings only the one that was added last

    def __call__(self, found: Sequence[Stored]) -> list[Stored]:
        """The experiments that match, in the same order: the last added first."""
        words = self.text.lower().split()
        kept, seen = [], set()
        for one in found:
            if self.latest:
                key = repr(sorted((name, text) for name, text in one.settings.items() if name not in ("save", "load")))
                if key in seen:
                    continue
                seen.add(key)
            if self._matches(one, words):
                kept.append(one)
        return kept

    def _matches(self, one: Stored, words: list[str]) -> bool:
        rules = one.experiment.rules if one.experiment else ()
        dataset = one.experiment.dataset if one.experiment else ""
        if (self.states and one.state not in self.states) or (self.datasets and dataset not in self.datasets):
            return False
        if (self.rules and not set(self.rules) & set(rules)) or (self.tags and not set(self.tags) & set(one.tags)):
            return False
        written = " ".join([one.id, one.name, one.title, one.note, one.state, one.sentence, *one.tags, *rules, about(one)])
        return all(word in written.lower() for word in words)


def about(one: Stored) -> str:
    """What is trained on what, in a few words."""
    return describe(one.experiment) if one.experiment else OTHERS


def has_effect(one: Stored, name: str) -> bool:
    """Whether another setting of the experiment leaves this one anything to do; who knows, if this version cannot read it."""
    settings = one.experiment
    if settings is None:
        return True
    if name == "num_layers" and isinstance(settings.num_hidden, tuple):
        return False  # as many as there are widths
    when = extra(Experiment.model_fields[name])["when"]
    return all(getattr(settings, other) in values for other, values in when.items())


def setting(one: Stored, name: str) -> str:
    """The value of a setting as a text, also of one that this version cannot read; empty where it has none, or no effect."""
    return _value(one, name) if has_effect(one, name) else ""


def _value(one: Stored, name: str) -> str:
    value = getattr(one.experiment, name) if one.experiment else one.settings.get(name, "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        ", ".join(map(str, value))
        if isinstance(value, (tuple, list))
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def differing(found: Sequence[Stored]) -> list[str]:
    """The settings in which these experiments are not all alike, in the order of the form.

    One that has an effect in some of them only, and its usual value there, follows from what gives it that effect.
    """

    def differ(text: Callable[[Stored, str], str], name: str) -> bool:
        return len({text(one, name) for one in found}) > 1

    return [name for name in SETTINGS if differ(_value, name) and differ(setting, name)]


def said(found: Sequence[Stored], name: str) -> bool:
    """Whether any of these experiments has a value of a setting that does something there."""
    return any(setting(one, name) for one in found)


def fraction(metric: str) -> bool:
    """Whether a metric is a share of the samples, to be shown in %."""
    return METRICS.get(metric, ("",))[0] == "fraction"


def written(value: float, places: int) -> str:
    """With so many decimals; 1.22e+31 where most digits before the point would be noise: a loss that diverges is such."""
    return f"{value:.{places}f}" if abs(value) < LARGE else f"{value:.2e}"


@dataclass(frozen=True)
class Outcome:
    """The mean of a metric over runs, and their spread."""

    mean: float
    spread: float | None  # standard deviation with n - 1; None for a single run, or where one is infinite
    runs: int
    as_of: str = ""  # the steps of the values, in words, where one is older than its experiment

    def text(self, metric: str) -> str:
        """4.35 ± 0.21, in % where the metric is a fraction."""
        by = 100 if fraction(metric) else 1
        places = 2 if fraction(metric) or abs(self.mean) >= 10 else 3
        return " ± ".join(written(one * by, places) for one in (self.mean, self.spread) if one is not None)


def outcomes(
    found: Sequence[Stored],
    finals: pd.DataFrame,
    metric: str,
    *,
    best: bool = False,
    group: Callable[[Stored], str] | None = None,
) -> dict[tuple[str, str], Outcome]:
    """(group, rule) -> the metric over the runs of this rule, seeds and experiments alike; a group is an experiment's id.

    Runs for which the metric is not defined count nowhere.
    """
    runs = {one.id: one.experiment.runs() for one in found if one.experiment}
    names = {one.id: group(one) if group else one.id for one in found}
    values: dict[tuple[str, str], list[float]] = {}
    dated: dict[tuple[str, str], list[tuple[int, int]]] = {}
    last = last_steps(finals)
    rows = finals[(finals["metric"] == metric) & finals["experiment"].isin(list(runs))]
    value_of, step_of = ("best", "best_step") if best else ("value", "step")
    for id, run, value, step in zip(rows["experiment"], rows["run"], rows[value_of], rows[step_of], strict=True):
        if value == value and run < len(runs[id]):
            key = names[id], runs[id][run][0]
            values.setdefault(key, []).append(value)
            dated.setdefault(key, []).append((int(step), last[id]))
    result = {}
    for key, several in values.items():
        spread = stdev(several) if len(several) > 1 and all(map(math.isfinite, several)) else None
        result[key] = Outcome(fmean(several), spread, len(several), as_of(dated[key]))
    return result


@dataclass(frozen=True)
class Published:
    """A table of last values, ready for a paper: a row a group, a column a rule."""

    metric: str
    heads: Sequence[str]  # of the columns that name a row
    rows: Sequence[tuple[str, ...]]  # what they say
    rules: Sequence[str]
    cells: dict[tuple[int, str], Outcome] = field(default_factory=dict)  # (number of the row, rule)

    def frame(self) -> pd.DataFrame:
        """The table as it is read: mean ± standard deviation over runs."""
        unit = " (%)" if fraction(self.metric) else ""
        lines = [
            [*row, *(cell.text(self.metric) if (cell := self.cells.get((n, rule))) else "–" for rule in self.rules)]
            for n, row in enumerate(self.rows)
        ]
        heads = [title(head) if head in SETTINGS else head for head in self.heads]
        return pd.DataFrame(lines, columns=[*heads, *(f"{rule}{unit}" for rule in self.rules)])

    def latex(self) -> str:
        """The table in LaTeX, for the package booktabs."""
        text = self.frame().to_latex(index=False, escape=True, column_format="l" * len(self.heads) + "r" * len(self.rules))
        return text.replace("±", r"$\pm$").replace("–", "--").replace("×", r"$\times$")

    def markdown(self) -> str:
        frame = self.frame()
        lines = [list(frame.columns), ["---"] * len(self.heads) + ["---:"] * len(self.rules), *frame.to_numpy().tolist()]
        return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"

    def older(self) -> str:
        """The cells that are older than their experiments, in words; empty where there is none."""
        found = [f"{rule} of {self.rows[n][0]} ({cell.as_of})" for (n, rule), cell in sorted(self.cells.items()) if cell.as_of]
        return ", ".join(found[:MOST_OLDER]) + (f" and {len(found) - MOST_OLDER} more" if len(found) > MOST_OLDER else "")

    def csv(self) -> str:
        """A row a group and rule, with the figures in full: mean, standard deviation, number of runs."""
        lines = [
            [*row, rule, self.metric, cell.mean, cell.spread, cell.runs]
            for n, row in enumerate(self.rows)
            for rule in self.rules
            if (cell := self.cells.get((n, rule)))
        ]
        heads = [*self.heads, "rule", "metric", "mean", "standard deviation", "runs"]
        return pd.DataFrame(lines, columns=heads).to_csv(index=False)


def published(found: Sequence[Stored], finals: pd.DataFrame, metric: str, *, best: bool = False, by: str = "") -> Published:
    """The table of these experiments: a row each, or a row for each value of the setting `by`."""
    ordered = [rule for rule in RULES if any(one.experiment and rule in one.experiment.rules for one in found)]
    if by:
        values = list(dict.fromkeys(setting(one, by) for one in sorted(found, key=lambda one: sortable(setting(one, by)))))
        table = outcomes(found, finals, metric, best=best, group=lambda one: setting(one, by))
        keys, heads, rows = values, [by], [(value,) for value in values]
    else:
        varied = differing(found)
        table = outcomes(found, finals, metric, best=best)
        keys, heads = [one.id for one in found], ["experiment", *varied]
        rows = [(one.name or about(one), *(setting(one, name) for name in varied)) for one in found]
    cells = {(n, rule): table[key, rule] for n, key in enumerate(keys) for rule in ordered if (key, rule) in table}
    return Published(metric, heads, rows, ordered, cells)


def sortable(text: str) -> tuple[int, float, str]:
    """Numbers by their size, before texts."""
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
