"""What the browser components share: their scripts are files, joined into one text."""

from pathlib import Path

CHARTS = Path(__file__).parent


def script(*paths: Path) -> str:
    """Joined file contents; the newlines inside also tell Streamlit that this is no path.

    Inline component scripts cannot import each other, so they are joined, in this order, into one.
    """
    return "\n".join(path.read_text(encoding="utf-8") for path in paths) + "\n"
