"""The lab's own pictures, read once: Streamlit would open their files at every run of a page, which fails where no file can be
opened any more."""

from functools import cache
from pathlib import Path


@cache
def picture(name: str) -> str:
    """The SVG of this name beside this file, as text, which Streamlit takes in place of a file's name."""
    return Path(__file__).with_name(f"{name}.svg").read_text(encoding="utf-8")
