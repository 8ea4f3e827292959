"""The house stands: arrows go downwards, nothing goes round in a ring, and every room has a name of its own."""

from pathlib import Path

import pytest

from tests import house

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def graph() -> house.Graph:
    found = house.imports(ROOT)
    assert len(found) > 250 and sum(map(len, found.values())) > 600
    return found


def test_no_import_goes_upwards(graph: house.Graph):
    assert house.upward(graph) == []


def test_no_files_import_each_other_in_a_ring(graph: house.Graph):
    assert house.ring(graph) == []


def test_no_folders_import_each_other_in_a_ring(graph: house.Graph):
    assert house.ring(house.by_folder(graph)) == []


def test_every_folder_has_a_floor_and_every_floor_is_there():
    folders = {house.folder(name) for name in house.modules(ROOT)} - {"dfa_lab", "app"}
    assert folders == set().union(*house.FLOORS)


def test_few_files_lie_loose_at_the_top():
    assert house.loose(ROOT, "app") == {"main", "navigation", "launch"}
    assert len(house.loose(ROOT, "dfa_lab")) <= 4
    assert [file.name for file in (ROOT / "app").iterdir() if file.is_file() and file.suffix != ".py"] == []


@pytest.mark.parametrize("top", ["dfa_lab", "app"])
def test_no_file_name_is_used_twice(top: str):
    assert house.doubled((ROOT / top).rglob("*")) == []


MADE_UP = {
    "dfa_lab/__init__.py": "from dfa_lab.train import loop",
    "dfa_lab/settings/__init__.py": "",
    "dfa_lab/settings/knob.py": "import torch\ndef late():\n    from dfa_lab.train import loop\n",
    "dfa_lab/train/__init__.py": "",
    "dfa_lab/train/loop.py": "from ..settings import knob as k\nfrom . import pace",
    "dfa_lab/train/pace.py": "from dfa_lab.train.loop import go",
    "dfa_lab/runs/knob.py": "import dfa_lab.settings",
    "dfa_lab/cli/main.py": "from app import launch\nfrom dfa_lab import __version__",
    "app/launch.py": "from app.lessons import page",
    "app/lessons/page.py": "from dfa_lab.runs.knob import K",
    "app/visit/page.py": "from app.live.message import words",
    "app/live/message.py": "",
    "pages/lessons.py": "from app.lessons import page",
}
TRAIN = ["dfa_lab.train.loop", "dfa_lab.train.pace"]  # these two import each other


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    for name, text in MADE_UP.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_checks_see_what_is_wrong_with_a_house(made_up: Path):
    graph = house.imports(made_up)
    assert graph["dfa_lab.train.loop"] == {"dfa_lab.settings.knob", "dfa_lab.train.pace"}
    assert graph["dfa_lab.cli.main"] == {"app.launch", "dfa_lab"}
    assert graph["dfa_lab.runs.knob"] == {"dfa_lab.settings"}
    assert house.upward(graph) == ["app.visit.page → app.live.message", "dfa_lab.settings.knob → dfa_lab.train.loop"]
    assert {"dfa_lab.train.loop", "dfa_lab.train.pace"} <= set(
        house.ring({name: graph[name] for name in graph if "train" in name})
    )
    assert set(house.ring(house.by_folder(graph))) == {"dfa_lab.settings", "dfa_lab.train"}
    assert house.doubled((made_up / "dfa_lab").rglob("*")) == ["knob.py"]
    assert house.doubled((made_up / "app").rglob("*")) == []
    assert house.loose(made_up, "app") == {"launch"} and house.loose(made_up, "dfa_lab") == set()


def test_the_page_may_not_be_imported_but_through_its_door(made_up: Path):
    (made_up / "dfa_lab" / "cli" / "other.py").write_text("from app import launch", encoding="utf-8")
    assert "dfa_lab.cli.other → app.launch" in house.upward(house.imports(made_up))


def test_a_folder_without_a_floor_is_named():
    with pytest.raises(LookupError, match=r"dfa_lab\.attic is"):
        house.floor("dfa_lab.attic.trunk")
