"""What is said of a setting: a short help beside its widget, and all of it in one place, which the help leads to."""

from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.wording import allowed, in_words, spellings

SHORT = 160  # letters of a text that is shown whole
PLACE = "rules?about=settings"  # address of all of it, below that of the lab


def link(name: str) -> str:
    """Where all that is said of a setting stands, seen from any page."""
    return f"{PLACE}#{name}"


def short(name: str) -> str:
    """Markdown for behind the "?": a sentence, what is to be given and in which unit, and a link to the rest."""
    field = Experiment.model_fields[name]
    text = field.description or ""
    if len(text) > SHORT:
        text = text.partition(". ")[0].rstrip(".") + "."
    return "\n\n".join(filter(None, [text, "" if extra(field)["choices"] else _given(name), f"[All about it]({link(name)})"]))


def whole(name: str) -> str:
    """Markdown: the whole text, what is to be given, the default, when it counts, and its flag."""
    field = Experiment.model_fields[name]
    lines = [field.description, f"{_given(name)} Default: {_default(name)}."]
    for other, values in extra(field)["when"].items():
        lines.append(f"It has an effect only where {in_words(other)} is {' or '.join(values)}.")
    lines.append(f"On the command line and in links: `{'`, `'.join(dict.fromkeys([spellings(name)[0], name]))}`.")
    return "\n\n".join(filter(None, lines))


def _default(name: str) -> str:
    value = Experiment.model_fields[name].default
    if isinstance(value, bool):
        return "on" if value else "off"
    if name == "points":
        return "three blobs of thirty points"
    return (", ".join(map(str, value)) if isinstance(value, tuple) else str(value)) or "empty"


def _given(name: str) -> str:
    field = Experiment.model_fields[name]
    if field.annotation is bool:
        return "On or off."
    unit = extra(field)["unit"]
    return f"Give {allowed(name)}{f'; in {unit}' if unit else ''}."
