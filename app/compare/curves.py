"""The curves that are compared, read once and kept until something was measured since."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.compare.choices import Chosen, compared
from app.compare.message import Panel, message
from app.shell.server import manager
from dfa_lab.compare import run_groups
from dfa_lab.compare.as_of import last_steps
from dfa_lab.compare.lines import FULL, ends
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored
from dfa_lab.runs.store.value_tables import no_curves

KEPT_ROWS = 3_000_000  # of all visitors together: 200 MB


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[OrderedDict[tuple, pd.DataFrame], threading.Lock]:
    return OrderedDict(), threading.Lock()


def curves(counts: dict[str, int], panel: Panel) -> pd.DataFrame:
    """The panel's curves of these experiments; `counts`: how many records each has."""
    kept, lock = _kept()
    keys = {id: (id, count, panel) for id, count in counts.items()}
    with lock:
        there = {id: kept[key] for id, key in keys.items() if key in kept}
    missing = [id for id in counts if id not in there]
    if missing:
        read = manager().store.curves(missing, panel.metric, FULL, panel.layer)
        parts = {str(id): part for id, part in read.groupby("experiment", sort=False)}
        there |= {id: parts.get(id, no_curves()) for id in missing}
        with lock:
            for id in missing:
                kept[keys[id]] = there[id]
            while sum(map(len, kept.values())) > KEPT_ROWS:
                kept.popitem(last=False)
    several = [there[id] for id in counts if len(there[id])]
    return pd.concat(several, ignore_index=True) if several else no_curves()


def ends_of(chosen: Chosen, panel: Panel) -> pd.DataFrame:
    """The last and best value of every run; see `lines.ends`."""
    return ends(curves(counts(chosen.found), panel))


def counts(found: Sequence[Stored]) -> dict[str, int]:
    return {one.id: manager().store.count(one.id) for one in found}


def now(chosen: Chosen) -> Chosen:
    """What was chosen, with the experiments as they are now; those that were deleted meanwhile are left out."""
    store = manager().store
    found = [one if one.state not in ACTIVE else store.get(one.id) for one in chosen.found]
    return Chosen([one for one in found if one], chosen.panels, chosen.look, chosen.by, chosen.rules, chosen.seeds)


def groups(chosen: Chosen) -> list[run_groups.Group]:
    return run_groups.groups(chosen.found, chosen.by, chosen.rules, chosen.seeds)


def view(chosen: Chosen) -> dict:
    """What the component is sent; made anew only when something was measured or chosen since."""
    found = chosen.found
    there = counts(found)
    labels = [(one.id, one.name, one.colour, one.state in ACTIVE) for one in found]
    what = repr((there, labels, chosen.panels, chosen.look, chosen.by, chosen.rules, chosen.seeds))
    version = hashlib.sha256(what.encode()).hexdigest()[:16]
    last = compared.view
    if last.get("version") != version:
        measured = {panel: curves(there, panel) for panel in chosen.panels}
        steps = last_steps(manager().store.finals(list(there)))
        left_out = bool(manager().store.left_out(list(there)))
        last = {"version": version, **message(found, groups(chosen), measured, chosen.look, steps, left_out)}
        compared.view = last
    return last
