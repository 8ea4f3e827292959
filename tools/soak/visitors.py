"""What visitors do, in an order drawn from a seed; the ledger notes what the lab acknowledges."""

import random
import re
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import urlencode

from lab_process import ROOT
from ledger import ENDED, Known, Ledger
from visit import Failed, Person, Visit

from app.people.identity import COOKIE, name_of

PERSONS = 4
OFTEN = {
    "start": 5,
    "look": 4,
    "visit": 4,
    "pause": 2,
    "reset": 1,
    "stop": 2,
    "watch": 2,
    "export": 2,
    "import_zip": 2,
    "remove": 1,
}
PAGES = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem not in ("lab", "server"))
CROWD, CROWD_SECONDS = 10, 2.0
KEPT_ZIPS = 3


class Visitors:
    """Some persons with cookies of their own. Every action raises Failed or Lost (visit.py)."""

    def __init__(self, host: str, ledger: Ledger, draw: random.Random):
        self.host, self.ledger, self.draw = host, ledger, draw
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()  # sentences
        self._persons: dict[str, Person] = {}  # by their id on the server
        self._zips: list[bytes] = []

    def arrive(self) -> None:
        """Come with cookies, once."""
        while len(self._persons) < PERSONS:
            person = Person(self.host)
            self._persons[name_of(person.cookie(COOKIE))] = person

    def act(self, what: str = "") -> None:
        """Do this, or what the seed says."""
        name = what or self.draw.choices(list(OFTEN), list(OFTEN.values()))[0]
        getattr(self, name)()
        self.done[name] += 1

    def everything_once(self) -> None:
        """Each kind of action, and each page, so that all has been imported and prepared that any of them needs."""
        for name in OFTEN:
            self.act(name)
        one = self._some()
        for page in PAGES:
            with Visit(self._somebody()[1], page, f"experiment={one.id}" if one else ""):
                pass

    # actions

    def start(self) -> None:
        """Begin an experiment of this form, or that one."""
        settings = {
            "dataset": self.draw.choice(["digits", "digits", "spirals"]),
            "num_hidden": self.draw.choice([8, 16, 32, 64]),
            "num_layers": self.draw.choice([1, 2, 3]),
            "rules": self.draw.choice(["bp", "dfa", "fa,dfa", "bp,fa,dfa"]),
            "epochs": self.draw.choice([5, 50, 5000, 100_000]),
            "batch_size": self.draw.choice([64, 256]),
            "seeds": self.draw.choice(["0", "0,1"]),
        }
        owner, person = self._somebody()
        with Visit(person, query=urlencode(settings)) as page:
            page.press("Start")
            if self._begun(page):
                self._see(self.ledger.add(page.experiment, owner))

    def look(self) -> None:
        """Ask for an experiment as its chart does, whole."""
        if one := self._some():
            self._see(one)

    def visit(self) -> None:
        """Open a page."""
        one = self._some()
        with Visit(self._somebody()[1], self.draw.choice(PAGES), f"experiment={one.id}" if one else ""):
            pass

    def pause(self) -> None:
        """Pause what runs, or let go on what is paused."""
        if one := self._some("running", "paused"):
            with Visit(self._persons[one.owner], query=f"experiment={one.id}") as page:
                if page.has("button", "pause"):  # it has not ended meanwhile
                    page.press("pause")
            self._see(one)

    def reset(self) -> None:
        """Stop what is active, and have one with the same settings wait at step 0."""
        if one := self._some("running", "paused"):
            with Visit(self._persons[one.owner], query=f"experiment={one.id}") as page:
                page.press("reset")
                begun = self._begun(page, one.id)
            self._see(one)
            if begun:
                self._see(self.ledger.add(page.experiment, one.owner))

    def stop(self) -> None:
        """Stop what is active, on the page Experiments."""
        if one := self._some("running", "paused", "queued", "loading"):
            self._stop(one)

    def remove(self) -> None:
        """Take one that has ended off the lists."""
        if one := self._some(*ENDED):
            with Visit(self._persons[one.owner], "experiments") as page:
                page.type("runs_text", one.id)
                page.press("runs_remove")
            one.removed = time.monotonic()

    def watch(self) -> None:
        """Many at once for a while; benchmarks/watchers.py asks as their charts do."""
        if one := self._some():
            command = [sys.executable, str(ROOT / "benchmarks" / "watchers.py"), self.host, one.id, str(CROWD)]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as crowd:
                time.sleep(CROWD_SECONDS)
                crowd.kill()
            self._see(one)

    def export(self) -> None:
        """Take an experiment away as one zip."""
        if one := self._some():
            with Visit(self._somebody()[1], query=f"experiment={one.id}") as page:
                self._zips.append(page.download("Everything"))
            del self._zips[:-KEPT_ZIPS]

    def import_zip(self) -> None:
        """Bring one of those back."""
        if not self._zips:
            return
        owner, person = self._somebody()
        with Visit(person, "experiments") as page:
            page.upload("Exported experiment", "experiment.zip", self.draw.choice(self._zips))
            page.press("import_now")
            said = " ".join(page.said())
        if found := re.search(r"Imported as (\w+)", said):
            self._see(self.ledger.add(found[1], owner))
        else:
            self._refuse(said)

    def stop_all(self) -> None:
        """Stop everything that is active."""
        for one in self.ledger.active():
            self._see(one)
            if one.state not in ENDED:
                self._stop(one)

    def see_all(self) -> None:
        """Look at everything that was active when it was last looked at."""
        for one in self.ledger.active():
            self._see(one)

    # inside

    def _somebody(self) -> tuple[str, Person]:
        return self.draw.choice(list(self._persons.items()))

    def _some(self, *states: str) -> Known | None:
        """An experiment that was last seen in one of these states, rather a recent one; None if there is none."""
        known = [one for one in self.ledger.known.values() if one.removed is None and (not states or one.state in states)]
        return self.draw.choice(known[-20:]) if known else None

    def _stop(self, one: Known) -> None:
        with Visit(self._persons[one.owner], "experiments") as page:
            page.type("runs_text", one.id)
            if page.has("button", "runs_stop"):  # it has not ended meanwhile
                page.press("runs_stop")
        self._see(one)
        if one.state not in ENDED:
            raise Failed(f"{one.id} was stopped, and is {one.state}")

    def _begun(self, page: Visit, before: str = "") -> bool:
        """Whether another experiment than the one before is there now; else the page says why."""
        if page.experiment in ("", before):
            self._refuse(" ".join(page.said()))
            return False
        return True

    def _refuse(self, said: str) -> None:
        if not said:
            raise Failed("nothing was begun or imported, and the page does not say why")
        self.refused[said] += 1

    def _see(self, one: Known) -> None:
        told = self._persons[one.owner].news(one.id)
        if told["around"] is None:
            raise Failed(f"{one.id} is not there")
        status, records = told["status"], told["records"]
        one.see(status["state"], status["step"], max((part["from"] + len(part["step"]) for part in records), default=0))
