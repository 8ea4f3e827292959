"""What people read stands in TOML files, and a translation is one more file: `deep.de.toml` beside `deep.toml`.

It has the same texts in the same places and nothing else: settings, claims and right answers are those of the original. What
it leaves out stays as it is in the original.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

# What no translation changes: what is trained, what it shows, and which of the choices that is.
NO_TEXT = ("settings", "claims", "answer", "seconds", "reached", "picture", "place", "minutes", "lesson", "steps_of", "sheet")


class Listed(Protocol):
    """What has a place in a list."""

    @property
    def name(self) -> str: ...
    @property
    def place(self) -> int: ...


T = TypeVar("T", bound=Listed)


def originals(folder: Path) -> list[Path]:
    """The TOML files of a folder, without their translations."""
    return [file for file in sorted(folder.glob("*.toml")) if "." not in file.stem]


def read(file: Path, language: str = "") -> dict[str, Any]:
    """The content of a file, in a language that there is a translation to, else as it was written.

    Raises ValueError, with the place, for a translation that does not fit the original.
    """
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    other = file.with_name(f"{file.stem}.{language}.toml")
    if language and other.is_file():
        _lay_over(content, tomllib.loads(other.read_text(encoding="utf-8")), other.name)
    return content


def in_order(folder: Path, read_one: Callable[[Path, str], T], language: str) -> dict[str, T]:
    """What the originals of a folder tell, by name, in the order of their `place`."""
    found = [read_one(file, language) for file in originals(folder)]
    return {one.name: one for one in sorted(found, key=lambda one: (one.place, one.name))}


def languages(file: Path) -> list[str]:
    """The languages that a file is translated to, each as it is named in the files' names."""
    return sorted(other.stem.partition(".")[2] for other in file.parent.glob(f"{file.stem}.*.toml"))


def _lay_over(content: dict[str, Any], texts: dict[str, Any], where: str) -> None:
    for name, text in texts.items():
        if name not in content or name in NO_TEXT:
            raise ValueError(f"{where}: {name} is no text of the original")
        content[name] = _instead(content[name], text, f"{where}: {name}")


def _instead(original: Any, text: Any, where: str) -> Any:
    if isinstance(original, list) and isinstance(text, list):
        if len(original) != len(text):
            raise ValueError(f"{where} has {len(text)} entries, the original {len(original)}")
        return [_instead(one, other, f"{where} {n}") for n, (one, other) in enumerate(zip(original, text, strict=True), 1)]
    if isinstance(original, dict) and isinstance(text, dict):
        _lay_over(original, text, where)
        return original
    if not isinstance(original, str) or not isinstance(text, str):
        raise ValueError(f"{where} is no text of the original")
    return text
