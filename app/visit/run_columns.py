"""Columns that every table of experiments has in common: what each is, whose, in which state and how far."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from app.shell.server import manager
from app.visit import whose
from dfa_lab.compare import table
from dfa_lab.paper.texts import duration
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored

STATES = {
    "loading": "… loading",
    "queued": "… waiting",
    "running": "▶ running",
    "paused": "⏸ paused",
    "finished": "✓ finished",
    "stopped": "■ stopped",
    "failed": "✕ failed",
    "interrupted": "◌ interrupted",
}


def columns(found: Sequence[Stored]) -> dict[str, list[Any]]:
    """A cell for each experiment in each column; what says nothing of these experiments is left out."""
    return {
        "name": [one.name for one in found],
        "state": [STATES.get(one.state, one.state) for one in found],
        **_progress(found),
        "what": [table.about(one) for one in found],
        **({"whose": names} if (names := whose.owners(found)) else {}),
        "started": [datetime.fromtimestamp(one.created) for one in found],
    }


def _progress(found: Sequence[Stored]) -> dict[str, list[Any]]:
    """How far those are that are being trained, and how long they take yet; no columns where none is."""
    if not any(one.state in ACTIVE for one in found):
        return {}
    now = [manager().status(one.id) if one.state in ACTIVE else None for one in found]
    done = [one.step / one.steps if one and one.steps else None for one in now]
    return {"done": done, "left": [duration(one.left) if one and one.left is not None else None for one in now]}


def looks() -> dict[str, Any]:
    """How Streamlit draws each of these columns."""
    column = st.column_config
    return {
        "name": column.TextColumn("Name", max_chars=80, width="medium"),
        "state": column.TextColumn("State"),
        "done": column.ProgressColumn("Done", min_value=0.0, max_value=1.0, format="percent", width="small"),
        "left": column.TextColumn("Left", help="How long it takes yet, at its present speed", width="small"),
        "what": column.TextColumn("What", width="medium"),
        "whose": column.TextColumn("Whose"),
        "started": column.DatetimeColumn("Started", format="YYYY-MM-DD HH:mm"),
    }
