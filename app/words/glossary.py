"""The field's words and what they mean, as the pictures mark and explain them (explained.js): glossary.toml, in the visitor's
language where there is a translation."""

import inspect
from functools import cache
from pathlib import Path
from typing import Any

from app.visit import language
from dfa_lab.feedback import RULES, rule_class
from dfa_lab.lessons import translations

FILE = Path(__file__).with_name("glossary.toml")


def glossary() -> dict[str, Any]:
    """{more, words: {name: {word, forms, says, and perhaps page, symbol and plain}}}; see the head of the file."""
    language.choose(languages())
    return _glossary(language.spoken.language)


@cache
def languages() -> list[str]:
    """Languages that the words are translated to."""
    return translations.languages(FILE)


@cache
def _glossary(spoken: str) -> dict[str, Any]:
    found = translations.read(FILE, spoken)
    return found | {"words": found["words"] | {name: _of_rule(name) for name in RULES if name not in found["words"]}}


def _of_rule(name: str) -> dict[str, Any]:
    """A rule of which nobody has written anything but its file."""
    rule = rule_class(name)
    about = " ".join(inspect.cleandoc(rule.__doc__ or "").split())
    return {"word": f"{name}: {rule.title}", "forms": [name, rule.title], "says": about, "page": "rules"}
