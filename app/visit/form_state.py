"""What the form holds, and how it comes there from an experiment or a link. The widgets are in app/form/."""

from collections.abc import Iterable, Mapping

from app.visit import chosen, hidden_controls
from app.visit.session import held, hold, known
from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.parsing import keep_good
from dfa_lab.settings.suited import suited
from dfa_lab.settings.wording import SPELLINGS

SEVERAL = [
    name for name, field in Experiment.model_fields.items() if extra(field)["choices"] and isinstance(field.default, tuple)
]
FORM_ONLY = tuple(name for name, field in Experiment.model_fields.items() if extra(field)["local"])  # no link chooses these
ATTACH = "experiment"  # the link's parameter that names a running or stored experiment
FORM = "setting"  # which form: that of a new experiment


def key(name: str, form: str = FORM) -> str:
    """The key of a setting's widget in a form."""
    return f"{form}_{name}"


def as_text(value: object) -> object:
    """A setting's value as its widget holds it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return short if float(short := f"{value:g}") == value else repr(value)
    return value


def widget_value(name: str, value: object) -> object:
    """A setting's value in the type that its own widget takes."""
    if name in SEVERAL and isinstance(value, tuple):
        return list(value)
    text = as_text(value)
    return text if Experiment.model_fields[name].annotation in (bool, int) else str(text)


def values(names: Iterable[str], form: str = FORM) -> dict[str, object]:
    """Settings as their widgets hold them, for `parse`."""
    found = {name: "" if (value := held(key(name, form))) is None else value for name in names}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def put(experiment: Experiment, form: str = FORM) -> None:
    """Show this experiment's settings in the form."""
    if form == FORM:
        before = keep_good(values(Experiment.model_fields))[0] if known(key("dataset")) else None
        chosen.taken_over(experiment, before)
    for name in Experiment.model_fields:
        hold(key(name, form), widget_value(name, getattr(experiment, name)))


def suit(*, all_of_them: bool = False) -> None:
    """Fill in what suits the form's data set, and put back what suited the last one.

    What the visitor or the link chose stays, unless `all_of_them` are asked for, and so does what the link hides.
    """
    wanted = suited(str(held(key("dataset"))), held(key("num_hidden")) if not all_of_them else None)
    marks = chosen.marks
    kept = frozenset() if all_of_them else marks.by_visitor | hidden_controls.hidden()
    names = wanted.keys() - kept
    defaults(but=names)
    for name in names:
        hold(key(name), widget_value(name, wanted[name]))
    chosen.for_set(names)


def defaults(but: Iterable[str] = ()) -> None:
    """Put the defaults back in the place of what the lab filled in for the data set."""
    for name in chosen.marks.for_set - frozenset(but):
        hold(key(name), widget_value(name, Experiment.model_fields[name].default))
    chosen.for_set(())


def from_link(params: Mapping[str, list[str]]) -> list[str]:
    """Fill the form from a link's parameters; the sentences about those that cannot be used.

    What the link does not name is at its default, whatever is on screen: nobody has chosen the demonstration's settings.
    """
    params = hidden_controls.settings_of(params)
    given = {name: values for name, values in params.items() if SPELLINGS.get(name) not in FORM_ONLY}
    problems = [
        f"The link gives {name[:40]!r} {len(values)} times: the first one counts."
        for name, values in given.items()
        if len(values) > 1
    ]
    if len(given) < len(params):
        problems.append("A link cannot choose files, folders or a download of this server: set them in the form.")
    experiment, refused = keep_good({name: values[0] for name, values in given.items() if values and name != ATTACH})
    put(experiment)
    return problems + refused
