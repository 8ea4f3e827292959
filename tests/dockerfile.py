"""The Dockerfile, read: its instructions, and the files that Docker is given for it."""

import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """The lines of the Dockerfile: word and what follows, continued lines in one."""
    text = "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.replace("\\\n", "").splitlines() if line]


def said(word: str) -> list[str]:
    """What follows each instruction of this word."""
    return [rest for name, rest in instructions() if name == word]


def entry_point() -> list[str]:
    (words,) = said("ENTRYPOINT")
    return re.findall(r'"([^"]*)"', words)


def given() -> set[str]:
    """Files that Docker is given, as .dockerignore says: the last line that fits a file or a folder of it decides."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]

    def kept(name: str) -> bool:
        left = True
        parts = name.split("/")
        within = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
        for rule in rules:
            pattern = rule.removeprefix("!")
            tried = parts if pattern.startswith("**/") else within
            if any(
                fnmatch(one, pattern.removeprefix("**/")) and (one.count("/") == pattern.count("/") or tried is parts)
                for one in tried
            ):
                left = rule.startswith("!")
        return left

    tops = [ROOT / line[1:] for line in rules if line.startswith("!")]
    files = [file for top in tops for file in ([top] if top.is_file() else sorted(top.rglob("*"))) if file.is_file()]
    return {name for file in files if kept(name := file.relative_to(ROOT).as_posix())}


def stages() -> list[tuple[str, str]]:
    """Image and name of each stage; the last has none."""
    return [(words[0], words[2] if len(words) > 2 else "") for words in map(str.split, said("FROM"))]
