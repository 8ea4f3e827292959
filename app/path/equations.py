"""The rules' LaTeX as pieces of text that a browser can set: letters, and what is lowered or raised."""

import re

Piece = tuple[str, str]  # (text, "" or "sub" or "sup")

SIGNS = {
    "delta": "δ",
    "Delta": "Δ",
    "ell": "ℓ",
    "eta": "η",
    "lambda": "λ",
    "odot": " ⊙ ",
    "cdot": " · ",
    "times": " × ",
    "partial": "∂",
    "top": "T",
    "leftarrow": " ← ",
    "quad": "\u2003",
    "left": "",
    "right": "",
    "mathrm": "",
    "mathcal": "",
    "operatorname": "",
    "sum": "Σ",
    "prod": "Π",
    ",": " ",
}
HAT = "\u0302"
TOKEN = re.compile(r"\\([A-Za-z]+|.)\s?|([_^{}'])|([^\\_^{}']+)")


def pieces(latex: str) -> list[Piece]:
    """δ̂, ℓ and the like; a command that is not among SIGNS keeps its name."""
    tokens = [match.group() for match in TOKEN.finditer(latex)]
    return _joined(_run(tokens))


def _run(tokens: list[str]) -> list[Piece]:
    found: list[Piece] = []
    while tokens:
        token = tokens.pop(0)
        if token in "_^":
            found.append((_text(_group(tokens)), "sub" if token == "_" else "sup"))
        elif token == "{":
            found += _run(_inside(tokens))
        elif token == "'":
            found.append(("′", ""))
        elif token.strip() == r"\hat":
            letter, *rest = _text(_group(tokens)) or " "
            found.append((letter + HAT + "".join(rest), ""))
        elif token.strip() == r"\frac":
            above, below = _text(_group(tokens)), _text(_group(tokens))
            found.append((f"{above}/{below}", ""))
        elif token.startswith("\\"):
            name = token[1:].strip() or ","
            found.append((SIGNS.get(name, name), ""))
        elif token != "}":
            found.append((token, ""))
    return found


def _group(tokens: list[str]) -> list[str]:
    """The next argument: what is in braces, a command, or one letter."""
    if not tokens:
        return []
    token = tokens.pop(0)
    if token == "{":
        return _inside(tokens)
    if token.startswith("\\"):
        return [token]
    if len(token) > 1:
        tokens.insert(0, token[1:])
    return [token[0]]


def _inside(tokens: list[str]) -> list[str]:
    """What is left of a group whose brace has been opened."""
    depth, found = 1, []
    while tokens:
        token = tokens.pop(0)
        depth += (token == "{") - (token == "}")
        if not depth:
            break
        found.append(token)
    return found


def _text(tokens: list[str]) -> str:
    return "".join(text for text, _ in _run(list(tokens)))


def _joined(parts: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for text, kind in parts:
        if found and not kind and not found[-1][1]:
            found[-1] = (found[-1][0] + text, "")
        elif text:
            found.append((text, kind))
    return [(_spaced(text) if not kind else text.replace("-", "−"), kind) for text, kind in found]


def _spaced(text: str) -> str:
    """A sign stands between spaces, as it does in print."""
    return re.sub(r" +", " ", re.sub(r"([=+⊙×←-])", r" \1 ", text)).replace("-", "−")
