"""A reader of the part of YAML that the project's files keep to: no package that reads all of it is needed for them."""

import re

TEXT = r"\"([^\"]*)\"|([^\s\"'\[\]{}&*!|>%@`#,-](?:(?!: | #)[^\"\t])*)"
ITEM, PAIR = re.compile(rf"- (?:{TEXT})"), re.compile(rf"([\w-]+):(?: (?:{TEXT}))?")


class NotPlain(ValueError):
    """A line that is no YAML, or none of this part of it."""


def read(text: str) -> dict:
    """Maps, lists and texts, of which a key without a value is None. Raises NotPlain, also for a key that is said twice."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    # a map that is an item begins on the item's own line: its first pair is put below
    split = [part for line in lines for part in _parts(line)]
    found, rest = _block(split, 0)
    if rest or not isinstance(found, dict):
        raise NotPlain(rest[0] if rest else "no map")
    return found


def _parts(line: str) -> list[str]:
    begun = re.fullmatch(r"( *)- ([\w-]+:(?: .*)?)", line)
    return [f"{begun[1]}-", f"{begun[1]}  {begun[2]}"] if begun else [line]


def _depth(lines: list[str]) -> int:
    return len(lines[0]) - len(lines[0].lstrip(" ")) if lines else -1


def _block(lines: list[str], depth: int) -> tuple[dict | list, list[str]]:
    """What begins with the first of these lines, and the lines that are left."""
    found: dict | list = [] if lines and lines[0].lstrip().startswith("-") else {}
    while _depth(lines) == depth:
        line, lines = lines[0].strip(" "), lines[1:]
        item, pair = ITEM.fullmatch(line), PAIR.fullmatch(line)
        if isinstance(found, list) and line == "-":
            value, lines = _block(lines, depth + 2)
            found.append(value)
        elif isinstance(found, list) and item:
            found.append(item[2] if item[1] is None else item[1])
        elif isinstance(found, dict) and pair and pair[1] not in found:
            value = pair[3] if pair[2] is None else pair[2]
            if value is None and _depth(lines) > depth:
                value, lines = _block(lines, _depth(lines))
            found[pair[1]] = value
        else:
            raise NotPlain(line)
    return found, lines
