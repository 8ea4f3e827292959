"""Text that came from outside, made safe to show."""

import re

JOINER = "\u2060"  # invisible, and no part of an address


def plain(text: str) -> str:
    """Escape what Markdown or HTML would act on: links and settings can hold anything."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    # Bare addresses and :icons: are found in the text that the escapes leave: only another character breaks them.
    text = re.sub(r":(?=//|[\w+/-]+:)|www(?=\.)|@", rf"\g<0>{JOINER}", text, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]()#+!|$~:>-])", r"\\\1", text)
