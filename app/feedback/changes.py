"""What a visitor does to B on the page Feedback: flip, draw anew or break all of it, what one unit receives, or one entry."""

import time
from contextlib import suppress
from typing import NamedTuple

import streamlit as st

from app.feedback import redistribute
from app.shell.server import manager
from app.visit import moment, view_link, watching
from app.visit.session import Remembered, fresh, held, hold, session
from dfa_lab.feedback import rule_class
from dfa_lab.feedback.changing import Change
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ENDED, Status
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.trainer import Trainer

LOADING = 1.0  # seconds that a button waits for the copy of a demonstration
EVERY_RULE = "all rules"
WHOLE, UNIT, ENTRY = "all of B", "one unit's", "one entry"
ABOUT_PARTS = "All of the matrix; the column of one unit, all that it receives; or a single entry, one sign among many"
BUTTONS = {
    "flip": ("Flip the sign", ":material/swap_vert:", "B becomes −B: what was a step down is now a step up"),
    "redraw": ("Draw anew", ":material/casino:", "Other numbers from the same distribution"),
    "break": ("Break", ":material/link_off:", "B becomes 0: no error arrives any more"),
}


class Part(NamedTuple):
    """A part of a matrix: a unit's column, an entry of it, or with zeros all; counted from 1."""

    unit: int = 0
    row: int = 0


Which = tuple[Experiment, str, int]  # of whatever seeds, rule, block


class Found(Remembered, prefix="feedback"):
    """What is known of matrices while they cannot be looked at."""

    sizes: dict[Which, tuple[int, int] | None] = fresh(dict)


found = Found()


def widget(name: str) -> str:
    """The key of the widget for a rule, seed, block, part, unit or row, and whether units are each matrix's own."""
    return f"feedback_{name}"


OF = widget("of")


def told(part: Part) -> dict[str, tuple[object, object]]:
    """The part, for the address."""
    name = ENTRY if part.row else UNIT if part.unit else WHOLE
    return {"part": (name, WHOLE), "unit": (part.unit, 0), "row": (part.row, 0)}


def buttons(status: Status, rule: str, seed: int, block: int) -> Part:
    """What is done to B, and to which part of it."""
    past = moment.past(status)
    active = (status.demo or status.state not in ENDED) and not past
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        part = _part(_size(status, rule, seed, block))
        if len(status.experiment.rules) > 1:
            with_it = [rule, EVERY_RULE]
            if held(OF) not in with_it:
                hold(OF, rule)
            st.segmented_control("Of", with_it, key=OF, required=True)
        for how, (label, icon, about) in BUTTONS.items():
            args = (how, part)
            may = active and how in rule_class(rule).changes
            st.button(label, key=f"feedback_{how}", icon=icon, help=about, disabled=not may, on_click=_change, args=args)
        redistribute.show(status)
    if past:
        ended = moment.gone(watching.now())
        instead = "Start another training in the Lab and change B while it runs." if ended else "Press Now and change B there."
        st.caption(f"The past cannot be changed. {instead}")
    return part


def _part(size: tuple[int, int] | None) -> Part:
    """Which part of a matrix (rows, columns) is to be changed; all of it where there is none."""
    if size is None:
        return Part()
    kinds = [WHOLE, UNIT, ENTRY]
    first = view_link.told("part", kinds, WHOLE)
    kind = st.segmented_control(
        "Change", kinds, default=first, key=widget("part"), required=True, persist_state="session", help=ABOUT_PARTS
    )
    return Part(
        _number("unit", "Unit (column)", size[1]) if kind in (UNIT, ENTRY) else 0,
        _number("row", "From row", size[0]) if kind == ENTRY else 0,
    )


def _number(name: str, label: str, most: int) -> int:
    """One of a matrix's columns or rows, counted from 1."""
    key = widget(name)
    before = held(key) or int(view_link.told_number(name, 1, most, 1))
    hold(key, min(before, most))
    return int(st.number_input(label, 1, most, key=key, persist_state="session", width=130))


def _size(status: Status, rule: str, seed: int, block: int) -> tuple[int, int] | None:
    """Rows and columns of the matrix that is shown, None where there is none; as last known while it cannot be looked at."""
    number = status.experiment.runs().index((rule, seed))
    known = found.sizes
    key = (status.experiment.model_copy(update={"seeds": ()}), rule, block)
    if key not in known:

        def measured(trainer: Trainer) -> tuple[int, int] | None:
            B = trainer.runs[number].rule.matrices(trainer.runs[number].network).get(block)
            return None if B is None else (len(B), B[0].numel())

        try:
            known[key] = moment.look(status.id, measured)
        except Gone:
            return None
    return known[key]


def _change(how: str, part: Part) -> None:
    """Change B while it trains; a demonstration, which others watch too, is copied first."""
    rule, block = (held(widget(key)) for key in ("rule", "block"))
    every = held(OF) == EVERY_RULE
    session.problems = []
    id = watching.own()
    if id is None:
        return
    manager().change_feedback(id, Change(how, block, "" if every else rule, part.unit, part.row))
    over = time.monotonic() + LOADING
    while (status := manager().status(id)) and status.state in ("queued", "loading") and time.monotonic() < over:
        time.sleep(0.02)
    with suppress(Gone):
        moment.look(id, lambda trainer: trainer.step)  # what the page is drawn with has changed
