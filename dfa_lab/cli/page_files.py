"""Where the page's files are: app/, pages/ and the docs that they show."""

import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def page_root() -> Path | None:
    """The folder that holds app/ and pages/: inside an installed package, beside it in a checkout, else None."""
    for folder in (PACKAGE / "_lab", PACKAGE.parent):
        if (folder / "app" / "main.py").is_file():
            return folder
    return None


def make_importable() -> bool:
    """Let `import app` find the page's code, before any other `app` on the path. False where there is none."""
    root = page_root()
    if root is not None and str(root) not in sys.path[:1]:
        sys.path.insert(0, str(root))
    return root is not None
