"""What the form holds, and how it comes there from an experiment or a link. The widgets are in app/form/."""

from collections.abc import Mapping

from app.visit import hidden_controls
from app.visit.session import hold
from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.parsing import keep_good
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


def put(experiment: Experiment, form: str = FORM) -> None:
    """Show this experiment's settings in the form."""
    for name, field in Experiment.model_fields.items():
        value = getattr(experiment, name)
        text = as_text(value) if field.annotation in (bool, int) else str(as_text(value))
        hold(key(name, form), list(value) if name in SEVERAL else text)


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
