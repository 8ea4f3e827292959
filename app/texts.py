"""Text that came from outside, made safe to show."""

import re


def plain(text: str) -> str:
    """Escape what Markdown or HTML would act on: links and settings can hold anything."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|$~:>-])", r"\\\1", text)
