"""No page knows another page's folder, and what they share lies in layers of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

from app.shell.pages import PAGES

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
SHARED = (
    "people",
    "shell",
    "doors",
    "visit",
    "words",
    "charts",
    "report",
    "live",
    "form",
    "bar",
    "guide",
)  # the lowest first; then the pages' own folders
FILES = [path for path in APP.rglob("*.py") if path.parent != APP]


def imported(path: Path) -> Iterator[str]:
    """Folders of app/ from which a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("app."))


def height(folder: str) -> int:
    return SHARED.index(folder) if folder in SHARED else len(SHARED)


def test_every_folder_imports_from_lower_ones_alone():
    arrows = {(path, path.relative_to(APP).parts[0], there) for path in FILES for there in imported(path)}
    assert len(arrows) > 100
    assert [f"{path}: {there}" for path, here, there in arrows if here != there and height(there) >= height(here)] == []


def test_pages_have_folders_of_their_names():
    folders = {path.parent.name for path in APP.glob("*/page.py")}
    assert folders and folders <= {page.name for page in PAGES}
