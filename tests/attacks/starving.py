"""A running lab whose disk is full, whose file system has no room for another file, or whose process may open no more files."""

import contextlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.doors.descriptors import NONE_LEFT
from tests.attacks.killing import begun
from tests.attacks.outcome import Outcome, sentence_fault
from tests.attacks.visitor import PATIENCE, Lab, Visitor
from tests.runs.patience import until

LINK = "epochs=100000&num_hidden=20&rules=dfa&measure_every=20"
LATER = "epochs=3&num_hidden=5&rules=bp"
PAGES = ("", "experiments", "learnt", "feedback", "compare", "reproduce")
ROOMS = {"full disk": ("size=300m", "is full"), "no inodes": ("nr_inodes=120", "")}


def possible() -> bool:
    """Whether this system lets a person mount file systems that nobody else sees."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return False
    return subprocess.run(command, capture_output=True).returncode == 0


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[tuple[list[str], Path]]:
    """A small file system at `folder`: the words before a command that is to see it, and where this process sees it."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    holder = subprocess.Popen(
        [*command, f'mount -t tmpfs -o {options} tmpfs "{folder}" && echo there && exec sleep 3600'],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "there\n"
        before = ["nsenter", "-t", str(holder.pid), "--user", "--mount", f"--wd={folder.parent}", "--preserve-credentials"]
        yield before, Path(f"/proc/{holder.pid}/root{folder}")
    finally:
        holder.kill()
        holder.communicate()


def attack(count: int, seed: int) -> Outcome:
    """Starve it of each, so many times."""
    outcome = Outcome("starvation", count * 3)
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="lab-of-a-server-") as name:
            _descriptors(Path(name), f"no descriptors, number {number}", outcome)
        for kind, (options, word) in ROOMS.items() if possible() else ():
            with tempfile.TemporaryDirectory(prefix="lab-of-a-server-") as name:
                (Path(name) / "runs").mkdir()
                with mounted(Path(name) / "runs", options) as (before, inside):
                    _room(Path(name), before, inside, kind, word, f"{kind}, number {number}", outcome)
    return outcome


def _fill(inside: Path, kind: str) -> None:
    """Take all bytes, or all names, that there are."""
    ballast = inside / "ballast"
    ballast.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):
        if kind == "no inodes":
            for number in range(10**6):
                (ballast / f"empty{number}").touch()
        with (ballast / "bytes").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))


def _look(visitor: Visitor, folder: Path, id: str, about: str, outcome: Outcome) -> None:
    """Every page comes, without a failure and without the name of a place of the server's own files."""
    for page in PAGES:
        shown = visitor.open(f"experiment={id}", page)
        outcome.counted["pages"] += 1
        if shown.ended != "FINISHED_SUCCESSFULLY" or shown.exceptions:
            outcome.fault(f"{about}, page {page!r}: {shown.ended} {shown.exceptions}")
        if "Traceback (most" in shown.text:
            outcome.fault(f"{about}, page {page!r}: a traceback")


def _said(visitor: Visitor, id: str) -> str:
    return visitor.live(id)["status"]["sentence"]


def _hears(visitor: Visitor, id: str, about: str, word: str, outcome: Outcome) -> None:
    """Whoever watches is told, in a sentence."""
    with _faults(about, outcome):
        until(lambda: _said(visitor, id), "somebody is told", PATIENCE)
        said = _said(visitor, id)
        if word not in said or sentence_fault(said):
            outcome.fault(f"{about}: {sentence_fault(said)} {said!r}")
        outcome.counted["sentences"] += 1


@contextmanager
def _faults(about: str, outcome: Outcome) -> Iterator[None]:
    """What goes wrong in here is a fault."""
    try:
        yield
    except Exception as error:
        outcome.fault(f"{about}: {type(error).__name__}: {str(error)[:500]}")


def _room(folder: Path, before: list[str], inside: Path, kind: str, word: str, about: str, outcome: Outcome) -> None:
    lab = Lab(folder, before=before, DFA_LAB_DATA=str(folder))
    try:
        with closing(Visitor(lab.host)) as visitor, _faults(about, outcome):
            done = begun(visitor, LATER)
            until(lambda: visitor.live(done)["status"]["state"] == "finished", "one is finished")
            id = begun(visitor, LINK)
            until(lambda: visitor.live(id)["status"]["step"] > 100, "some steps")
            _fill(inside, kind)
            if word:
                _hears(visitor, id, about, word, outcome)
            _look(visitor, folder, id, about, outcome)
            visitor.open(LATER)
            begun(visitor, LATER)  # is trained, though it may not be kept
            have = visitor.live(id)["status"]["step"]
            until(lambda: visitor.live(id)["status"]["step"] > have, "it trains on")
        lab.end(signal.SIGKILL)
        lab = Lab(folder, before=before, DFA_LAB_DATA=str(folder))
        with closing(Visitor(lab.host)) as visitor, _faults(f"{about}, started again while it is so", outcome):
            _look(visitor, folder, id, f"{about}, started again", outcome)
            if visitor.live(done)["around"] is None or not visitor.live(done)["records"]:
                outcome.fault(f"{about}: what was kept is not there while it is so: {visitor.live(done)}")
            shutil.rmtree(inside / "ballast")
            again = begun(visitor, LATER)
            until(lambda: visitor.live(again)["status"]["state"] == "finished", "a new one is trained")
            until(lambda: not visitor.live(again)["status"]["sentence"], "nothing is wrong any more")
        status = lab.end(signal.SIGTERM)
        if status:
            outcome.fault(f"{about}: exit status {status}")
        lab = Lab(folder, before=before, DFA_LAB_DATA=str(folder))
        with closing(Visitor(lab.host)) as visitor, _faults(f"{about}, and then room again", outcome):
            lost = [one for one in (done, id, again) if visitor.live(one)["around"] is None]
            if lost:
                outcome.fault(f"{about}: {lost} are lost")
            outcome.counted["experiments found again"] += 3 - len(lost)
        _nothing_printed(lab, about, outcome)
    finally:
        lab.process.kill()
        lab.process.wait()


def _nothing_printed(lab: Lab, about: str, outcome: Outcome) -> None:
    said = lab.said()
    if "Traceback" in said:
        outcome.fault(f"{about}: a traceback in the server's own output: {said[said.index('Traceback') :][:3000]}")


def _descriptors(folder: Path, about: str, outcome: Outcome) -> None:
    lab = Lab(folder, DFA_LAB_DATA=str(folder))
    try:
        with closing(Visitor(lab.host)) as visitor, closing(Visitor(lab.host)) as other:
            id = begun(visitor, LINK)
            until(lambda: visitor.live(id)["status"]["step"] > 100, "some steps")
            other.open(f"experiment={id}", "experiments")
            soft, hard = resource.prlimit(lab.process.pid, resource.RLIMIT_NOFILE)
            with _faults(about, outcome), contextlib.ExitStack() as sockets:
                _limit(lab, 3)
                for _ in range(40):  # people who say nothing
                    with contextlib.suppress(OSError):
                        one = socket.create_connection(("localhost", int(lab.host.partition(":")[2])), timeout=5)
                        sockets.callback(one.close)
                time.sleep(1)
                shown = other.do()
                outcome.counted["pages"] += 1
                if any(word in shown.text for word in ("Traceback (most", "site-packages")):
                    outcome.fault(f"{about}: {shown.text[-500:]}")
                time.sleep(1)
            resource.prlimit(lab.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
            with _faults(f"{about}, and then enough again", outcome):
                have = visitor.live(id)["status"]["step"]
                until(lambda: visitor.live(id)["status"]["step"] > have, "it trains on")
                begun(visitor, LATER)  # whose first steps are kept, which the next ones of the other wait for long
                until(lambda: not _said(visitor, id), "nothing is wrong any more")
                _look(visitor, folder, id, f"{about}, and then enough again", outcome)
        if status := lab.end(signal.SIGTERM):
            outcome.fault(f"{about}: exit status {status}")
        if NONE_LEFT not in lab.said():
            outcome.fault(f"{about}: nothing is said of it: {lab.said()[-500:]}")
        _nothing_printed(lab, about, outcome)
    finally:
        lab.process.kill()
        lab.process.wait()


def _limit(lab: Lab, more: int) -> None:
    """Let the server open so many files more, and no others."""
    number = max(int(one.name) for one in Path(f"/proc/{lab.process.pid}/fd").iterdir())
    hard = resource.prlimit(lab.process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(lab.process.pid, resource.RLIMIT_NOFILE, (number + 1 + more, hard))
