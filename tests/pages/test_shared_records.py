"""Records as text, made once for all who watch within a moment."""

import json

from app.live.shared_records import MOMENT, SharedRecords
from dfa_lab.records import Record
from tests.pages.clock import Clock


def test_a_class_reads_once_a_moment_and_misses_nothing(clock: Clock):
    there: list[Record] = []
    reads: list[int] = []

    def read(id: str, start: int) -> list[Record]:
        reads.append(start)
        return there[start:]

    def grow() -> None:
        there.extend(Record(0, "train_loss", None, 0.5, len(there) + n, 0.0, 0, 0.0) for n in range(10))

    shared = SharedRecords()
    have = dict.fromkeys(range(30), 0)
    got: dict[int, list[int]] = {visitor: [] for visitor in have}
    for _ in range(4):
        grow()
        for visitor in have:
            found = json.loads(shared.since("a", have[visitor], read, running=True))
            have[visitor] += len(found["step"])
            assert found["from"] == len(got[visitor])
            got[visitor] += found["step"]
            grow()  # meanwhile
        clock.now += MOMENT
    assert len(reads) == 4
    text = shared.since("a", have[0], read, running=False)  # the end: all of it
    assert got[0] + json.loads(text)["step"] == [r.step for r in there]
    assert all(steps == [r.step for r in there[: len(steps)]] for steps in got.values())


def test_who_has_more_or_less_than_the_others_gets_what_they_lack(clock: Clock):
    there = [Record(0, "train_loss", None, 0.5, n, 0.0, 0, 0.0) for n in range(50)]

    def read(id: str, start: int) -> list[Record]:
        return there[start:]

    shared = SharedRecords()

    def steps(id: str, start: int) -> list[int]:
        return json.loads(shared.since(id, start, read, True))["step"]

    assert steps("a", 10)[-1] == 49
    there.extend(Record(0, "train_loss", None, 0.5, n, 0.0, 0, 0.0) for n in range(50, 55))
    assert steps("a", 45) == [45, 46, 47, 48, 49]  # another place to begin at, the same end
    assert steps("a", 53) == [53, 54]  # further than the moment
    assert json.loads(shared.since("b", 0, read, True))["from"] == 0
