"""Who chose what the form holds: the visitor or a link, or the lab for the data set (dfa_lab/settings/suited.py).

What the visitor or the link chose stays when another data set is chosen; what the lab filled in goes with its data set.
"""

from collections.abc import Iterable

from app.visit.session import Remembered
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.suited import suited, suits


class Chosen(Remembered, prefix="chosen"):
    """Settings by name; what is in neither is at its default."""

    by_visitor: frozenset[str] = frozenset()  # or by the link
    for_set: frozenset[str] = frozenset()  # filled in, since they suit the data set
    changed: bool = False  # the form, by the visitor, and nothing has come of it yet


marks = Chosen()


def by_visitor(names: Iterable[str]) -> None:
    """The visitor or the link gives these a value."""
    marks.by_visitor |= frozenset(names)
    marks.for_set -= marks.by_visitor


def in_form() -> None:
    """The visitor has just changed the form: the Lab may begin anew with it (app/bar/changed_settings.py)."""
    marks.changed = True


def for_set(names: Iterable[str]) -> None:
    """These, and no others, hold what suits the data set."""
    marks.for_set = frozenset(names)
    marks.by_visitor -= marks.for_set


def taken_over(experiment: Experiment, before: Experiment | None) -> None:
    """The form, which held `before`, shows this experiment: what was the same there stays whose it was.

    The rest is a choice of whoever began the experiment, or the lab's if it has all that suits its data set.
    """
    fields = Experiment.model_fields.items()
    new = {name for name, _ in fields if before is None or getattr(experiment, name) != getattr(before, name)}
    mine = marks.by_visitor - new
    filled = (suited(experiment.dataset).keys() - mine) if suits(experiment) else (marks.for_set - new)
    others = {name for name, field in fields if name in new and getattr(experiment, name) != field.default}
    marks.for_set, marks.by_visitor = frozenset(filled), frozenset(mine | others) - frozenset(filled)
