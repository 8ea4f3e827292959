"""Strangers at one person's experiment on a shared lab: they press, type and forge what they can; nothing of it changes."""

import random
import re
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.shell.pages import PAGES
from dfa_lab.runs.manager import Manager
from tests.attacks.hostile_values import text
from tests.attacks.outcome import Outcome
from tests.attacks.visitor import ROOT, Lab, Visitor, serving
from tests.runs.patience import until

LINK = "epochs=100000&num_hidden=4&rules=dfa&num_layers=1&measure_every=1000"
EVERY = 12  # things that each stranger does on each of a few pages
PAGES_EACH = 3  # the Lab among them
STEERING = ("-pause", "-reset", "-rate_now", "-speed")
HONEST = ("button", "download_button", "checkbox", "text_input", "text_area", "number_input", "selectbox")


def attack(count: int, seed: int) -> Outcome:
    """Let so many strangers in."""
    outcome = Outcome("strangers", count)
    with tempfile.TemporaryDirectory(prefix="lab-of-a-server-") as name:
        with serving(Path(name), "--shared") as lab:
            id, events = meet(lab, count, seed, Path(name), outcome)
        compare(Path(name), id, events, outcome)
    return outcome


def meet(lab: Lab, count: int, seed: int, folder: Path, outcome: Outcome) -> tuple[str, list[str]]:
    """Begin an experiment, pause it, let them try, and see that its owner finds it as it was; its id and its events since."""
    with closing(Visitor(lab.host)) as owner:
        shown = owner.open(LINK)
        owner.press(shown.button("Start"))
        (id,) = re.findall(r"experiment=(\w+)", owner.query)
        until(lambda: owner.live(id)["status"]["step"] > 20, "some steps")
        owner.press(owner.do().id("pause"))
        until(lambda: owner.live(id)["status"]["state"] == "paused", "it is paused")
        seen = {page.path: owner.open(f"experiment={id}", page.path).widgets() for page in PAGES}
        theirs = [(page, widget, kind) for page, widgets in seen.items() for widget, (kind, _) in widgets.items()]
        before = _settled(owner, id)
        for number in range(count):
            with closing(Visitor(lab.host)) as stranger:
                assert stranger.cookie and stranger.cookie != owner.cookie
                _try(
                    stranger,
                    id,
                    theirs,
                    random.Random(f"{seed} {number}"),
                    f"stranger {number}",
                    [str(folder), str(ROOT)],
                    outcome,
                )
            if (after := _told(owner, id)) != before:
                outcome.fault(f"after stranger {number}: {after}, before {before}")
                before = after
        shown = owner.open(f"experiment={id}")
        owner.press(shown.id("pause"))
        until(lambda: owner.live(id)["status"]["step"] > before[1], "its owner lets it go on")
        if f"experiment={id}" not in owner.query:
            outcome.fault("its owner was given a copy")
    return id, ["running", "paused"]


def _told(owner: Visitor, id: str) -> tuple[str, int, int, int]:
    told = owner.live(id)
    return (
        told["status"]["state"],
        told["status"]["step"],
        told["status"]["epochs"],
        sum(len(part["step"]) for part in told["records"]),
    )


def _settled(owner: Visitor, id: str) -> tuple[str, int, int, int]:
    """The same, once the records of the last step, which charts are told a moment later, are among them."""
    last = ("", 0, 0, 0)
    while (now := _told(owner, id)) != last:
        last = now
        time.sleep(1.5)
    return now


def compare(folder: Path, id: str, events: list[str], outcome: Outcome) -> None:
    """What the store of the lab, which has ended, says of it."""
    with closing(Manager(folder / "runs", resume=False)) as manager:
        stored = manager.store.get(id)
        kept = stored and (stored.name, stored.note, stored.tags, stored.colour, stored.removed)
        if stored is None or kept != ("", "", (), "", None) or not stored.owner:
            outcome.fault(f"it is kept as {stored}")
        strange = [
            event
            for event in manager.store.events(id)
            if event.kind in ("knob", "change", "removed", "restored", "stopped", "epochs")
        ]
        if strange:
            outcome.fault(f"events: {strange}")
        outcome.counted["experiments of their own"] = len(manager.store.experiments(demos=False)) - 1


def _try(
    stranger: Visitor,
    id: str,
    theirs: list[tuple[str, str, str]],
    chance: random.Random,
    about: str,
    hidden: list[str],
    outcome: Outcome,
) -> None:
    others = [page.path for page in PAGES if page.path]
    for page in ["", *chance.sample(others, PAGES_EACH - 1)]:
        shown = stranger.open(f"experiment={id}", page)
        if page == "experiments":
            shown = stranger.do(WidgetState(id=shown.id("runs_text"), string_value=id))
        forged = [(widget, kind) for where, widget, kind in theirs if where == page]
        found = [(widget, kind) for widget, (kind, _) in shown.widgets().items()]
        steering = [(widget, kind) for widget, (kind, one) in shown.widgets().items() if _steers(widget, kind, one)]
        chance.shuffle(steering)
        for _ in range(EVERY):
            widget, kind = steering.pop() if steering else chance.choice(chance.choice((found or forged, forged or found)))
            honest = (bool(steering) or chance.random() < 0.8) and kind in HONEST
            state = _state(widget, kind, chance) if honest else _forged(widget, chance)
            again = stranger.do(state)
            what = f"{about} on {page or 'lab'}, {state}"
            outcome.counted["things done"] += 1
            if word := next((word for word in hidden if word in again.text), ""):
                outcome.fault(f"{what}: it names {word}")
            if honest and (again.ended != "FINISHED_SUCCESSFULLY" or again.exceptions):
                outcome.fault(f"{what}: {again.ended} {again.exceptions}")
            if (
                not honest or again.exceptions or f"experiment={id}" not in stranger.query
            ):  # a copy of their own, or a spoilt page
                stranger.open(f"experiment={id}", page)


def _steers(id: str, kind: str, one: Any) -> bool:
    """Whether it is one of those that steer what is on screen; they are tried first."""
    return id.endswith(STEERING) or (kind == "button" and one.label == "Step")


def _state(id: str, kind: str, chance: random.Random) -> WidgetState:
    """A widget as a hand may have set it."""
    match kind:
        case "button" | "download_button":
            return WidgetState(id=id, trigger_value=True)
        case "checkbox":
            return WidgetState(id=id, bool_value=chance.random() < 0.5)
        case "text_input" | "text_area":
            return WidgetState(
                id=id, string_value=chance.choice(("0.5", "1", "was here", text(chance).encode("utf-8", "replace").decode()))
            )
        case "number_input":
            return WidgetState(id=id, double_value=chance.choice((0, 1, 2, 7)))
        case "selectbox":
            return WidgetState(id=id, string_value=chance.choice(("full speed", "1 step/s", "adam", "nothing")))
        case _:
            raise LookupError(kind)


def _forged(id: str, chance: random.Random) -> WidgetState:
    """A value that no hand can have set."""
    made = WidgetState(id=id)
    word = text(chance).encode("utf-8", "replace").decode()
    match chance.randrange(6):
        case 0:
            made.string_value = word
        case 1:
            made.double_value = chance.choice((1e308, float("nan"), -1.0))
        case 2:
            made.int_array_value.data.extend((10**9, -5))
        case 3:
            made.string_array_value.data.extend((word, word))
        case 4:
            made.json_value = chance.choice(("{", "[]", '{"edited_rows": {"999": {"name": 7}}}', '{"x": [[1]]}'))
        case _:
            made.bool_value = True
    return made
