"""The list of pages is complete, and nothing else says where a page is."""

import re
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit import config

from app.shell.pages import COMPARE, LAB, PAGES, Page
from app.visit import share

ROOT = Path(__file__).parents[2]
LITERAL = re.compile(r"pages/|\.page_link\(|\.switch_page\(|\bst\.Page\(|st\.navigation\(")
NAMES = "|".join(page.name for page in PAGES)
PATH = re.compile(rf"""["'](?:\.\./|/)(?:pages/)?(?:{NAMES})(?:\.py)?["'?]""")
HOME = ROOT / "app" / "shell" / "pages.py"


def test_every_file_in_pages_is_in_the_list_and_the_other_way_round():
    assert sorted(page.name for page in PAGES) == sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def test_pages_differ_and_one_of_them_is_the_first():
    for values in zip(*((page.name, page.path, page.title, page.icon) for page in PAGES), strict=True):
        assert len(set(values)) == len(PAGES)
    assert [page for page in PAGES if page.default] == [LAB] and LAB.path == ""
    sections = [section for section, _ in groupby(PAGES, lambda page: page.section)]
    assert len(set(sections)) == len(sections)  # those of a section follow each other, or the navigation would lose some


def code(path: Path) -> str:
    """A file without its comments and the docstrings that fill whole lines."""
    text = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"(^|\s)#.*", "", text)


def test_nothing_else_says_where_a_page_is():
    files = [path for folder in ("app", "pages") for path in (ROOT / folder).rglob("*.py") if path != HOME]
    assert len(files) > 50 and LITERAL.search(code(HOME))
    found = {str(path.relative_to(ROOT)): [*LITERAL.findall(code(path)), *PATH.findall(code(path))] for path in files}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("base", ["http://localhost:8501", "https://lab.example.org/base"])
def test_an_address_is_the_same_from_whichever_page_it_is_made(monkeypatch: pytest.MonkeyPatch, page: Page, base: str):
    for here in ("", "/", f"/{page.path}", f"/{page.path}/", f"/{page.path}?old=1"):
        monkeypatch.setattr(share.st, "context", SimpleNamespace(url=f"{base}{here}"))
        assert share.address({"a": "1"}) == f"{base}/?a=1"
        for other in PAGES:
            assert share.address({"a": "1,2"}, other) == f"{base}/{other.path}?a=1,2"


@pytest.mark.parametrize("here", ["", "/", "/compare", "/compare/", "/lessons?step=1"])
def test_a_lab_below_a_path_that_is_called_like_a_page(monkeypatch: pytest.MonkeyPatch, here: str):
    before, base = config.get_option("server.baseUrlPath"), "https://lab.example.org/course/compare"
    config.set_option("server.baseUrlPath", "course/compare")
    monkeypatch.setattr(share.st, "context", SimpleNamespace(url=base + here))
    try:
        assert share.address({"a": "1"}, COMPARE) == f"{base}/compare?a=1"
        assert share.address({"a": "1"}) == f"{base}/?a=1"
    finally:
        config.set_option("server.baseUrlPath", before)


def test_without_an_address_of_ones_own_a_link_is_relative(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(share.st, "context", SimpleNamespace(url=None))
    assert share.address({"a": "1"}) == "?a=1"
