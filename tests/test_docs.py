"""Every file that the guides for those who carry on name is there, and so are the places in them that links lead to."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TOPS = r"(?:app|benchmarks|dfa_lab|docs|examples|pages|tests|tools)"
LOOSE = r"[A-Z]\w+\.(?:md|cff)|Makefile|pyproject\.toml|requirements[\w-]*\.(?:txt|lock)"
FILE = re.compile(rf"\b{TOPS}/(?:[\w./-]*\w(?:\.\w+|/))?|{LOOSE}")
TO_BE_MADE = re.compile(r"\bmy_\w+|^benchmarks/results/")  # what a reader is asked to write, or a benchmark leaves


def named(text: str) -> set[str]:
    """Files and folders that a text names between backquotes or in a block of its own, as they are called from the root."""
    marked = re.findall(r"`([^`\n]+)`", text) + re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    found = {word for piece in marked for word in FILE.findall(piece)}
    return {word for word in found if not TO_BE_MADE.search(word)}


def anchors(text: str) -> set[str]:
    """The places that headings make, as links name them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda file: file.name)
def test_every_file_that_is_named_exists(guide: Path):
    text = guide.read_text(encoding="utf-8")
    missing = sorted(name for name in named(text) if not (ROOT / name).exists() and not (guide.parent / name).exists())
    assert missing == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda file: file.name)
def test_every_link_leads_somewhere(guide: Path):
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", guide.read_text(encoding="utf-8")):
        target = guide.parent / path if path else guide
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"


def test_the_roads_of_the_architecture_are_short_and_name_their_files():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    roads = dict(re.findall(r"^## (The road of .+)\n\n((?:\d+\. .+\n(?: .+\n)*)+)", text, re.MULTILINE))
    assert len(roads) == 3
    for road, lines in roads.items():
        assert 3 <= len(lines.splitlines()) <= 10, road
        assert all(named(line) for line in re.split(r"^(?=\d+\. )", lines, flags=re.MULTILINE)[1:]), road


def test_the_search_for_named_files_finds_them():
    block = "app/shell/ → docs/lab.png, app/.streamlit/config.toml, dfa_lab/sets/my_set.py"
    text = f"see `dfa_lab/train/nowhere.py`, `app/` and app/no_quotes.py\n```\n{block}\n```\n"
    assert named(text) == {
        "dfa_lab/train/nowhere.py",
        "app/",
        "app/shell/",
        "app/.streamlit/config.toml",
        "docs/lab.png",
    }
    assert anchors("# A smaller torch, without GPU\n") == {"a-smaller-torch-without-gpu"}
