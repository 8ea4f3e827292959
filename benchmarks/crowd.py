"""One watcher, a class and a full hall: what they cost a training, how long they wait for answers, what they leave behind.

They look and look away in turn, a few seconds each, at the same running experiment; a look is compared with the mean of what
is before and after it, so that a machine which grows faster or slower meanwhile does not count. On two cores the watchers
themselves take from the training what on other machines they would not, although they give way to it: so what the server's own
threads take for one of them in a second is told apart, by the kernel's count. With the full hall one more, who does not give
way, asks four times a second and says how long the answers took; and the hall comes again, to see what memory it leaves behind.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from machine import Figure, figure, table

WATCHERS = Path(__file__).with_name("watchers.py")
CASES = {"digits, mlp 2×100, 3 rules": {"num_hidden": 100}, "digits, mlp 2×800, 3 rules": {"num_hidden": 800}}
COUNTS = {1: "≥ 0.95", 30: "≥ 0.90", 200: "≥ 0.85"}  # how many -> the least that training may go on at
HALL = 200  # only before the first case, which is the one that watching can slow down
SLOWEST = "≤ 1.2 s"  # answer of twenty
STAYS = "≤ 30 MB"
GONE = 2  # seconds after which this server lets go of a visitor who has left; the lab's own waits two minutes for their return
LETTING_GO = 15.0  # seconds, for that and for what Python and the C library take


def steps_per_second(id: str, seconds: float) -> float:
    """The steps that an experiment makes meanwhile."""
    from app.shell.server import manager

    before, began = manager().status(id), time.perf_counter()
    time.sleep(seconds)
    after, ended = manager().status(id), time.perf_counter()
    assert before and after and after.state == "running"
    return (after.step - before.step) / (ended - began)


def server_seconds() -> float:
    """CPU seconds of this process's threads but the one that trains, its torch, and the one that measures."""
    took = 0.0
    for thread in threading.enumerate():
        if thread.ident and thread is not threading.current_thread() and not thread.name.startswith("train-"):
            took += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return took


def resident() -> float:
    """MB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Crowd:
    """Watchers of an experiment, all of whom have arrived and ask, and the one who says how long the answers took."""

    def __init__(self, several: list[subprocess.Popen]):
        self._several = several

    def look_or_not(self) -> None:
        """Make them look away, and back."""
        for one in self._several:
            assert one.stdin and one.poll() is None
            print(file=one.stdin, flush=True)
        time.sleep(0.2)  # until what they have asked for is answered

    def took(self) -> list[float]:
        """Seconds of each answer that the last of them has got; they then go."""
        listener = self._several[-1]
        assert listener.stdin and listener.stdout
        listener.stdin.close()
        return json.loads(listener.stdout.readline())


@contextmanager
def crowd_of(port: int, id: str, count: int) -> Iterator[Crowd]:
    """Inside, so many watch."""
    several: list[subprocess.Popen] = []
    try:
        for told in (str(count), "listen")[: 2 if count == HALL else 1]:  # a fifth of a class would be one who listens
            command = [sys.executable, str(WATCHERS), f"localhost:{port}", id, told]
            several.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            answer = several[-1].stdout
            assert answer and answer.readline() == "ready\n"
        time.sleep(4)  # until the last of them have their whole page
        yield Crowd(several)
    finally:
        for one in several:
            one.kill()
            one.wait()
    time.sleep(0.5)  # until the server has noticed


def watched_against_headless(port: int, counts: Collection[int], repeats: int, seconds: float) -> list[Figure]:
    """In a thread beside the server: print the tables; the figures. `counts`: those of COUNTS that are to watch."""
    from app.shell.server import manager
    from dfa_lab.settings.parsing import parse

    rows, kept, figures = [], [], []
    for name, settings in CASES.items():
        id = manager().start(parse({"dataset": "digits", "rules": "bp,fa,dfa", "epochs": 100_000, **settings}))
        while (status := manager().status(id)) is None or status.rate == 0:
            time.sleep(0.1)
        for count in counts:
            if count == HALL and name != next(iter(CASES)):
                continue
            with crowd_of(port, id, count) as crowd:
                alone, watched, idle, busy = _in_turn(crowd, id, repeats, seconds)
                took = crowd.took() if count == HALL else []
            ratios = [2 * w / (before + after) for w, before, after in zip(watched, alone, alone[1:], strict=False)]
            each = 1000 * (median(busy) - median(idle)) / (count + bool(took))
            about = f"{name}: steps/s with {count} watching against none"
            figures.append(figure(about, ratios, target=COUNTS[count], higher=True))
            shares = [f"{median(alone):.0f}", f"{median(watched):.0f}", f"{median(ratios):.2f}", COUNTS[count]]
            rows.append([name, str(count), *shares, f"{each:.2f} ms", "–", "–"])
            if took:
                slow = quantiles(took, n=20)[-1]
                figures.append(Figure(f"{name}: an answer with {count} watching, the slowest of twenty", slow, "s", SLOWEST))
                figures.append(Figure(f"{name}: CPU of the server for a second of one of {count}", each, "ms"))
                rows[-1][-2:] = [f"{1000 * median(took):.0f} ms", f"{1000 * slow:.0f} ms"]
                kept, stays = _coming_again(port, id, count)
                figures.append(Figure(f"{name}: memory that stays when {count} more have come and gone", stays, "MB", STAYS))
        manager().stop(id)
    head = [
        "experiment",
        "watchers",
        "steps/s alone",
        "steps/s watched",
        "ratio (median)",
        "target",
        "CPU of a watcher's second",
    ]
    print(table([*head, "answer", "slowest of twenty"], rows), flush=True)
    if kept:
        print(table(["a full hall comes again", "all there after", "MB before", "MB with them", "MB after"], kept), flush=True)
    return figures


def _coming_again(port: int, id: str, count: int) -> tuple[list[list[str]], float]:
    """Rows about memory as such a crowd comes and goes twice more, and the MB that stay when the last have gone."""
    rows, stays = [], 0.0
    for turn in ("once", "twice"):
        before, began = _least_resident(), time.perf_counter()
        with crowd_of(port, id, count):
            arrived, within = time.perf_counter() - began, resident()
        after = _least_resident()
        rows.append([turn, f"{arrived:.1f} s", *(f"{one:.0f}" for one in (before, within, after))])
        stays = after - before
    return rows, stays


def _in_turn(crowd: Crowd, id: str, repeats: int, seconds: float) -> tuple[list[float], ...]:
    """Steps a second while they look away, and while they look; the server's CPU seconds a second at both."""
    alone, watched, idle, busy = [], [], [], []

    def measure(steps: list[float], took: list[float]) -> None:
        crowd.look_or_not()
        before, began = server_seconds(), time.perf_counter()
        steps.append(steps_per_second(id, seconds))
        took.append((server_seconds() - before) / (time.perf_counter() - began))

    for _ in range(repeats):
        measure(alone, idle)
        measure(watched, busy)
    measure(alone, idle)
    return alone, watched, idle, busy


def _least_resident() -> float:
    """What this process holds when the watchers have gone: the least within LETTING_GO."""
    over, least = time.monotonic() + LETTING_GO, resident()
    while time.monotonic() < over:
        time.sleep(0.25)
        least = min(least, resident())
    return least
