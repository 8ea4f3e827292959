"""What is compared and how it is drawn: the choices of the page Compare, and the part of its link that carries them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app.compare.message import AXIS_TITLES, Look, Panel
from app.shell import pages
from app.shell.server import manager
from app.visit import projector, view_link
from app.visit.hidden_controls import COMPARE
from app.visit.session import Remembered, fresh, held, hold
from app.visit.ticks import anew, ticks
from dfa_lab.compare import run_groups, table
from dfa_lab.compare.lines import DEVIATION, EXTREMES, SINGLE
from dfa_lab.compare.run_groups import DEMONSTRATION
from dfa_lab.records import METRICS
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.experiment import RULES
from dfa_lab.settings.wording import in_words

LATEST = 3  # experiments that are shown where none is chosen
FEW = 2  # of one's own: with fewer the demonstration stands beside them
MOST = 60  # that are compared at once
USUAL = ("test_error", "train_loss", "signal_angle.1")
SPREADS = {DEVIATION: "mean ± deviation", EXTREMES: "min to max", SINGLE: "single runs"}
HOW = "Choose experiments here, or tick Show in the table on the page Experiments."


IDS = "compare_ids"  # key of the widget with the experiments


class Compared(Remembered, prefix="compare"):
    """What the page was drawn with."""

    problem: str | None = None  # with the link; None until it has been read
    offered: list[str] = fresh(list)  # ids that could be chosen
    active: bool = False  # something is being trained
    listed: list[str] = fresh(list)  # ids in the table of settings
    opened: str | None = None  # the one whose button was pressed
    shown: str = ""  # what is compared as a link says it, also where nothing was chosen
    view: dict = fresh(dict)  # what the charts were sent last


compared = Compared()


@dataclass(frozen=True)
class Chosen:
    """Experiments, panels, and how they are drawn."""

    found: Sequence[Stored]
    panels: Sequence[Panel]
    look: Look
    by: str
    rules: Sequence[str]
    seeds: Sequence[int]


def demonstration() -> Stored | None:
    """The present showing of the demonstration; None as long as nothing of it is stored, with a full disk say."""
    store = manager().store
    id = manager().demo()
    if (found := store.get(id)) is None:  # it has begun just now
        store.flush()
        found = store.get(id)
    return found


def another_showing(found: Sequence[Stored]) -> bool:
    """Whether the demonstration among these is not the present one any more."""
    return any(one.demo for one in found) and all(one.id != manager().demo() for one in found if one.demo)


def title(one: Stored) -> str:
    """An experiment's name, or what it is."""
    return one.name or ("The demonstration: " if one.demo else "") + table.about(one)


def experiments(everything: Sequence[Stored], demo: Stored | None) -> list[Stored]:
    """The experiments that this visitor compares, the last added first; the latest few where none is chosen.

    `demo` stands in the list and in links as DEMONSTRATION, whichever showing it is.
    """
    _arrive()
    by_id = {one.id: one for one in everything if one.experiment}
    if demo is not None and demo.experiment:
        by_id[DEMONSTRATION] = demo
    shown = ticks.shown
    hold(IDS, [id for id in by_id if id in shown][:MOST])  # the table may have changed them
    compared.offered = list(by_id)
    st.multiselect(
        "Experiments",
        list(by_id),
        key=IDS,
        format_func=lambda id: _name(by_id[id]) if id in by_id else id,
        placeholder="Search by name, data set, setting or id",
        on_change=_choose,
        max_selections=MOST,
    )
    chosen = [id for id in by_id if id in shown][:MOST]
    _link(chosen)
    compared.shown = ",".join(chosen)
    if chosen:
        return [by_id[id] for id in chosen]
    mine = manager().rights.mine()
    there = [one for one in by_id.values() if not one.demo]
    own = [one for one in there if mine(one.owner)]
    latest = (own or there)[:LATEST]
    beside = [demo] if DEMONSTRATION in by_id and demo and len(latest) < FEW else []
    st.info(f"Nothing is chosen, so here {_are(len(latest), bool(beside))}. {HOW}", icon=":material/info:")
    compared.shown = ",".join([*(one.id for one in latest), *([DEMONSTRATION] if beside else [])])
    if not latest:
        pages.link(pages.LAB, "Start an experiment of your own")
    return [*latest, *beside]


# On a wall, a phone and where there is little room, the curves come before how they are drawn.
LAST = "[data-testid=stLayoutWrapper]:has(> .st-key-compare_how) { order: 1; }"
STYLE = f"<style>@media (max-width: 640px), (max-height: 600px) {{ {LAST} }}</style>"


def _are(count: int, beside: bool) -> str:
    if not count:
        return "is the demonstration" if beside else "is nothing: the demonstration has not begun yet"
    latest = "the latest experiment" if count == 1 else f"the latest {count} experiments"
    return f"{'are' if beside or count > 1 else 'is'} {latest}{' and the demonstration' if beside else ''}"


def _name(one: Stored) -> str:
    began = datetime.fromtimestamp(one.created).strftime("%Y-%m-%d %H:%M")
    settings = f"lr {one.experiment.learning_rate:g}" if one.experiment else ""
    if one.demo:
        return f"The demonstration · {table.about(one)}"
    return " · ".join(filter(None, [one.name, table.about(one), settings, began, one.id]))


def _choose() -> None:
    chosen = ticks.shown
    chosen.difference_update(compared.offered)
    chosen.update(held(IDS))
    anew()


def _arrive() -> None:
    """Once a session: take over the experiments that the link names."""
    if compared.problem is not None:
        return
    wanted = [id for id in st.query_params.get(COMPARE, "").split(",") if id][:MOST]
    there = [id for id in wanted if id == DEMONSTRATION or ((one := manager().store.get(id)) and one.removed is None)]
    ticks.shown.update(there)
    lost = [id for id in wanted if id not in there]
    names = ", ".join(repr(id[:20]) for id in lost[:5])
    compared.problem = f"Not on this server, or removed: {names}. The rest of the link is here." if lost else ""


def _link(ids: Sequence[str]) -> None:
    text = ",".join(ids)
    if text and st.query_params.get(COMPARE) != text:
        st.query_params[COMPARE] = text
    elif not text:
        st.query_params.pop(COMPARE, None)


def choices(found: Sequence[Stored]) -> Chosen:
    """How these experiments are drawn; all of it is part of the link."""
    offered = _panels(found)
    usual = [key for key in USUAL if key in offered]
    st.html(f"<style>{LAST}</style>" if projector.on() else STYLE)
    with st.container(key="compare_how"):
        keys = _several("Panels", offered, usual, format_func=lambda key: panel_of(key).title)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            axis = _one("Over", list(AXIS_TITLES), "step")
            spread = _one("Lines", list(SPREADS), DEVIATION, format_func=SPREADS.__getitem__)
            smoothing = st.slider(
                "Smoothing",
                0.0,
                0.99,
                view_link.told_number("smoothing", 0, 0.99, 0.0),
                0.01,
                key="compare_smoothing",
                help="Of the last values' weight, as in the Lab; what was measured stays behind as a thin line.",
                persist_state="session",
                width=160,
            )
            with st.popover("More", icon=":material/tune:"):
                logarithmic = _switch("Logarithmic", "log", "Errors and losses on a logarithmic axis")
                calm = _switch(
                    "Ignore outliers", "calm", "The axis leaves the outermost 2 % of the values at either end aside."
                )
                best = _switch("Best instead of last values", "best", "In the table and in the test below: the smallest so far")
                differ = table.differing(found)
                bys = [run_groups.EXPERIMENT, *differ, run_groups.RULE]
                by = st.selectbox(
                    "A line for each rule and",
                    _with_chosen("compare_by", bys),
                    bys.index(view_link.told("by", bys, run_groups.EXPERIMENT)),
                    key="compare_by",
                    format_func=lambda name: "nothing else" if name == run_groups.RULE else in_words(name),
                    persist_state="session",
                )
                rules = [rule for rule in RULES if any(one.experiment and rule in one.experiment.rules for one in found)]
                seeds = sorted({seed for one in found if one.experiment for seed in one.experiment.seeds})
                rules = _several("Rules", rules, [], placeholder="all")
                seeds = _several("Seeds", seeds, [], placeholder="all")
    view_link.tell(
        {
            "panels": (view_link.several(keys), view_link.several(usual)),
            "over": (axis, "step"),
            "lines": (spread, DEVIATION),
            "smoothing": (smoothing, 0.0),
            "log": (logarithmic, False),
            "calm": (calm, False),
            "best": (best, False),
            "by": (by, run_groups.EXPERIMENT),
            "rules": (view_link.several(rules), ""),
            "seeds": (view_link.several(seeds), ""),
        }
    )
    look = Look(axis, spread, smoothing, logarithmic, calm, best, projector.on())
    return Chosen(found, [panel_of(key) for key in keys], look, by or run_groups.EXPERIMENT, rules, seeds)


def _panels(found: Sequence[Stored]) -> list[str]:
    """What was measured, in the order in which METRICS has it; the usual ones even before they were."""
    measured = manager().store.measured([one.id for one in found]) or [(one.metric, one.layer) for one in map(panel_of, USUAL)]
    order = list(METRICS)
    known = [(metric, layer) for metric, layer in measured if metric in METRICS]
    return [Panel(*one).key for one in sorted(known, key=lambda one: (order.index(one[0]), one[1] or 0))]


def panel_of(key: str) -> Panel:
    metric, _, layer = key.partition(".")
    return Panel(metric, int(layer) if layer else None)


def _with_chosen(key: str, options: Sequence) -> list:
    """A choice that nothing offers any more stays one, so that it is not lost when that comes back."""
    chosen = held(key, [])
    return list(dict.fromkeys([*options, *(chosen if isinstance(chosen, list) else [chosen] if chosen else [])]))


def _several(label: str, options: Sequence, usual: Sequence, **more) -> list:
    key = f"compare_{label.lower()}"
    told = view_link.told_several(label.lower(), options, usual)
    return st.multiselect(label, _with_chosen(key, options), told, key=key, persist_state="session", **more)


def _one(label: str, options: Sequence[str], usual: str, **more) -> str:
    name = label.lower()
    told = view_link.told(name, options, usual)
    chosen = st.segmented_control(
        label, options, default=told, required=True, key=f"compare_{name}", persist_state="session", **more
    )
    return chosen or usual


def _switch(label: str, name: str, about: str) -> bool:
    told = view_link.told(name, [False, True], False)
    return st.toggle(label, told, key=f"compare_{name}", help=about, persist_state="session")
