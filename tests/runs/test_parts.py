"""The manager is made of parts, not of parents, and each part knows only those before it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from dfa_lab.runs.archive import Archive
from dfa_lab.runs.continuing import Continuing
from dfa_lab.runs.controls import Controls
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.midway_start import MidwayStart
from dfa_lab.runs.reader import Reader
from dfa_lab.runs.replay.replays import Replays
from dfa_lab.runs.scheduler import Scheduler
from dfa_lab.runs.worker import Worker

ROOT = Path(__file__).parents[2]
PARTS = (Archive, Lives, Reader, Replays, Scheduler, MidwayStart, Continuing, Controls, Manager, Worker)


def imports() -> dict[str, set[str]]:
    """What each file of runs imports of runs, also within functions."""
    files = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in (ROOT / "dfa_lab/runs").rglob("*.py")}
    found: dict[str, set[str]] = {}
    for name, file in files.items():
        nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        named = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names} | {node.module for node in nodes}
        found[name] = {other for other in named if other in files}
    return found


@pytest.mark.parametrize("part", PARTS)
def test_no_part_has_a_parent(part: type) -> None:
    assert part.__bases__ == (object,)


def test_each_part_knows_only_those_before_it() -> None:
    found = imports()
    assert len(found) > 25 and found["dfa_lab.runs.manager"] and found["dfa_lab.runs.store.store"]
    order = list(TopologicalSorter(found).static_order())  # raises CycleError for a ring
    assert order.index("dfa_lab.runs.worker") < order.index("dfa_lab.runs.scheduler") < order.index("dfa_lab.runs.continuing")
    assert not [name for name, others in found.items() if "dfa_lab.runs.manager" in others]
    assert "dfa_lab.runs.replay.replays" not in found["dfa_lab.runs.scheduler"]


def test_the_store_knows_nothing_else_of_runs() -> None:
    above = {name: others for name, others in imports().items() if ".store." in name}
    assert len(above) > 7
    assert not [other for others in above.values() for other in others if ".store." not in other]
