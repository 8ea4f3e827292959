"""A soak: a real lab on a fresh folder, used and killed for hours, and nothing may be lost or leak (Linux).

    python tools/soak --hours 1 --seed 0          (make soak HOURS=1; --hours 0.04 is a look at whether it works)

Visitors begin, watch, pause, reset, stop, remove, export and import experiments and open pages, in an order drawn from the
seed, by the page's own protocol. A life of the server is some cycles of that, with a rest after each, and ends in the middle of
an action: mostly by SIGKILL, else by SIGTERM or SIGINT. After each life the store is held against what the lab had acknowledged
(ledger.py), and after the restart what ran has to go on. Memory, descriptors and threads are compared between the rests of one
life. Exit status 1, and the faults, if there are any. The same seed begins with the same actions; what the machine's pace
makes of them differs.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lab_process import GONE, Lab
from ledger import RECORDS, Ledger
from resting import Rests
from visit import Failed, Lost
from visitors import Visitors

ACTIONS = 10  # of a cycle
REST = 3.0  # seconds
LIVES = (1, 9, 1, 3, 16, 1, 30)  # cycles of the lives, one after the other
ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)
SOONEST, LATEST = 0.5, 10.0  # seconds until the end of a life comes, in its last cycle


class Soak:
    """One of them."""

    def __init__(self, folder: Path, seed: int, until: float):
        """`until`: the time.monotonic() at which no other cycle begins."""
        self.draw, self.until = random.Random(seed), until
        self.lab, self.ledger, self.rests = Lab(folder), Ledger(), Rests()
        self.visitors = Visitors(self.lab.host, self.ledger, self.draw)
        self.faults: list[str] = []
        self.ends: list[str] = []
        self.cycles = 0

    def run(self) -> None:
        """All lives."""
        number, over = 0, False
        while not over:
            took = self.lab.start()
            self.visitors.arrive()
            if number:
                self._taken_up(took)
            over = time.monotonic() >= self.until  # a last life, to see what has become of the one before
            self._live(LIVES[number % len(LIVES)], ENDS[number % len(ENDS)])
            number += 1

    def _live(self, cycles: int, end: int) -> None:
        """Some cycles with a rest after each, and one more in which the server is ended."""
        self.rests.begin()
        for cycle in range(cycles):
            if time.monotonic() >= self.until:
                break
            self._say(f"life {len(self.ends) + 1}, cycle {cycle + 1}")
            if cycle == 0 and cycles > 1:
                self._try(self.visitors.everything_once)
            for _ in range(ACTIONS):
                self._try(self.visitors.act)
            self._try(self.visitors.stop_all)
            self._rest()
            self.cycles += 1
        self._end(end)

    def _rest(self) -> None:
        """Note what is held once everybody has gone."""
        for _ in range(2):  # what is let go of goes with the next visit, and holds others
            time.sleep(GONE + 0.5)
            self._try(self.visitors.visit)
        self.rests.note(self.lab.at_rest(REST))

    def _end(self, number: int) -> None:
        """Act until the server is gone; then hold the store against the ledger."""
        for _ in range(3):
            self._try(self.visitors.start)
        self.ended = 0.0

        def end() -> None:
            self._try(self.visitors.see_all)
            time.sleep(RECORDS + 0.1)  # what was shown just now has to be there
            self.ended = time.monotonic()
            self.lab.send(number)

        timer = threading.Timer(self.draw.uniform(SOONEST, LATEST), end)
        timer.start()
        while not self.ended:
            try:
                self.visitors.act()
            except Failed as fault:
                if not self.ended:
                    self._fault(str(fault))
            except Lost as lost:
                early = not self.ended
                timer.join()
                if early:
                    self._fault(str(lost))
        timer.join()
        status = self.lab.wait()
        name, self.killed = signal.Signals(number).name, number == signal.SIGKILL
        self.ends.append(name)
        if status != (-number if self.killed else 0):
            self._fault(f"after {name} the exit status is {status}")
        for fault in self.ledger.faults(self.lab.runs, self.ended, self.killed):
            self._fault(f"after {name}, {fault}")
        self._say(f"{name}: {self.ledger.checked} comparisons, {len(self.faults)} faults so far")

    def _taken_up(self, took: float) -> None:
        """Whether everything that ran goes on, in the life that has just begun."""
        before = self.ledger.active()
        self._try(self.visitors.see_all)
        for one in before:
            if why := self.ledger.not_taken_up(one, self.ended, self.killed):
                self._fault(f"after {self.ends[-1]}, {one.id}: {why}")
            one.taken_up = time.monotonic()
        self._say(f"up again after {took:.1f} s; {len(before)} experiments were active")

    def _try(self, action) -> None:
        try:
            action()
        except (Failed, Lost) as fault:
            self._fault(f"{action.__name__}: {fault}")

    def _fault(self, text: str) -> None:
        self.faults.append(text)
        self._say(f"FAULT: {text}")

    def _say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    def report(self) -> int:
        """Print the table and the faults; the exit status."""
        everything = [*self.faults, *self.rests.faults(), *(f"the server wrote: {one}" for one in self.lab.errors())]
        acts = ", ".join(f"{count} {name}" for name, count in sorted(self.visitors.done.items()))
        refusals = "; ".join(f"{count}× {said}" for said, count in self.visitors.refused.items())
        ends = ", ".join(f"{self.ends.count(name)} {name}" for name in dict.fromkeys(self.ends))
        rows = {
            "lives of the server, and how they ended": f"{len(self.ends)}: {ends}",
            "cycles with a rest": str(self.cycles),
            "actions": acts,
            "refused, in words": refusals or "nothing",
            "experiments acknowledged": str(len(self.ledger.known)),
            "comparisons with the store": str(self.ledger.checked),
            **self.rests.rows(),
            "faults": str(len(everything)),
        }
        print("\n| what | found |\n| --- | --- |")
        for what, found in rows.items():
            print(f"| {what} | {found} |")
        for fault in everything:
            print(f"- {fault}")
        print("Nothing was lost, and nothing leaks." if not everything else f"{len(everything)} faults.")
        return int(bool(everything))


def main() -> None:
    """Soak for as long as the command line says; the folder is kept if there was a fault."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if sys.platform != "linux":
        parser.error("what a process holds is read from /proc, which only Linux has")
    folder = Path(tempfile.mkdtemp(prefix="dfa-lab-soak-"))
    soak = Soak(folder, given.seed, time.monotonic() + 3600 * given.hours)
    try:
        soak.run()
    finally:
        soak.lab.end()
    status = soak.report()
    if status:
        print(f"Runs and log are kept in {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(status)


if __name__ == "__main__":
    main()
