"""Find settings by a word of what is said about them."""

from functools import cache

from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.wording import spellings, title


def find(text: str) -> list[str]:
    """Settings whose title, spellings, unit, choices or help hold every word of the text, as parts of words too.

    In the order in which they are declared; all of them for a text without a word.
    """
    words = text.casefold().split()
    return [name for name in Experiment.model_fields if all(word in _said_of(name) for word in words)]


@cache
def _said_of(name: str) -> str:
    field = Experiment.model_fields[name]
    about = extra(field)
    choices = [*about["choices"], *about["words"].values()]
    return "\n".join([title(name), *spellings(name), about["unit"], *choices, field.description or ""]).casefold()
