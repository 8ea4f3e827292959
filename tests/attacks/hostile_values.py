"""What no honest person types or sends, drawn by a seeded generator: values of JSON, texts, and changes in a document."""

import random
from typing import Any

TEXTS = (
    "",
    " ",
    "a" * 5000,
    "9" * 5000,
    "-1",
    "0",
    "1e999",
    "-1e999",
    "nan",
    "inf",
    "0x7f",
    "1_000",
    "١٢٣",
    "²",
    "½",
    "\x00",
    "a\x00b",
    "\x1b[31mred",
    "line\nbreak\r\n",
    "\u202eright to left",
    "\ufeff",
    "\ud800",
    "🧠" * 300,
    "../../../etc/passwd",
    "..\\..\\windows",
    "/etc/shadow",
    "file:///etc/passwd",
    "C:\\Windows",
    "~root",
    "'; DROP TABLE experiments; --",
    '" OR 1=1 --',
    "%' OR '1'='1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://127.0.0.1:1/x.png)",
    "$\\input{/etc/passwd}$",
    ":material/delete:",
    ":red[x]",
    "{{7*7}}",
    "${7*7}",
    "{0.__class__}",
    "%s%s%n",
    "`id`",
    "$(id)",
    "__proto__",
    "__class__",
    "None",
    "null",
    "True",
    "NaN",
    "[]",
    "{}",
    "[[[[[",
    ",,,,",
    ",",
    "1,2,,3",
    "~",
    "a:b,c:d",
    "--help",
    "-1e-400",
    "18446744073709551616",
    "9007199254740993",
    "1" * 400,
)
NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, 10**400, -(10**9), 0.5, -0.0, 1e-320, 1e308, -1e308)
ODD = (float("nan"), float("inf"), float("-inf"), None, True, False)


def text(chance: random.Random) -> str:
    """One of TEXTS, or letters of any alphabet."""
    if chance.random() < 0.75:
        return chance.choice(TEXTS)
    return "".join(
        chr(chance.choice((chance.randrange(0x20), chance.randrange(0x20, 0x7F), chance.randrange(0x3000)))) for _ in range(9)
    )


def value(chance: random.Random) -> Any:
    """Something that JSON can say, of the wrong kind as a rule."""
    kind = chance.randrange(6)
    if kind == 0:
        return chance.choice(ODD)
    if kind in (1, 2):
        return chance.choice(NUMBERS)
    if kind == 3:
        return [value(chance) for _ in range(chance.randrange(4))]
    if kind == 4:
        return {text(chance): value(chance) for _ in range(chance.randrange(3))}
    return text(chance)


def deep(chance: random.Random) -> Any:
    """Lists in lists, as many as the parser of JSON bears."""
    made: Any = []
    for _ in range(chance.choice((50, 200, 900))):
        made = [made]
    return made


def changed(document: Any, chance: random.Random, times: int = 1) -> Any:
    """The document with some of its leaves or branches put to hostile values, taken away or doubled."""
    for _ in range(times):
        document = _once(document, chance)
    return document


def _once(document: Any, chance: random.Random) -> Any:
    if isinstance(document, dict) and document and chance.random() < 0.9:
        key = chance.choice(list(document))
        what = chance.random()
        if what < 0.1:
            return {name: inner for name, inner in document.items() if name != key}
        if what < 0.2:
            return {**document, text(chance): value(chance)}
        return {**document, key: _once(document[key], chance)}
    if isinstance(document, list) and document and chance.random() < 0.8:
        at = chance.randrange(len(document))
        if chance.random() < 0.2:
            return document * 2
        return [*document[:at], _once(document[at], chance), *document[at + 1 :]]
    if isinstance(document, (int, float)) and not isinstance(document, bool) and chance.random() < 0.4:
        return chance.choice(NUMBERS)  # of the right kind, and out of bounds
    return deep(chance) if chance.random() < 0.05 else value(chance)
