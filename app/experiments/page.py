"""The page Experiments: find experiments, open, name, compare, publish and remove them."""

from collections.abc import Sequence

import streamlit as st

from app.bar import train_on
from app.experiments import free_space, paper_table, run_table
from app.experiments.free_space import removed
from app.people import identity
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import run_columns, watching, whose
from app.visit.session import Remembered, held, hold
from app.visit.ticks import anew, show_only, ticks
from dfa_lab.compare import table
from dfa_lab.runs.live import ENDED
from dfa_lab.runs.store.known_wrong import SAID
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.experiment import RULES
from dfa_lab.settings.wording import title
from dfa_lab.train import epoch_means

MOST = 2000  # experiments that are listed
EVERY = 2.0  # seconds, while something is active
RARELY = 10.0  # seconds, else: another process may begin something
EMPTY = "Nothing here yet: press Start in the Lab. Every experiment is kept and listed here."
NO_GROUP = "Nothing"
NEWEST, OLDEST = "newest first", "oldest first"


class Listed(Remembered, prefix="runs"):
    """What the table was drawn for."""

    active: bool = False  # something is being trained


listed = Listed()


def show() -> None:
    """The table, or what the disk holds."""
    if manager().problem:
        st.warning(plain(manager().problem), icon=":material/warning:")
    table_tab, space_tab = st.tabs(["Experiments", "Free space"], on_change="rerun", key="runs_view")
    if table_tab.open:
        with table_tab:
            _experiments()
    if space_tab.open:
        with space_tab:
            free_space.show()


def _experiments() -> None:
    store = manager().store
    store.notice_the_dead()
    if identity.shared():
        whose.name()
    everything = whose.chosen(store.experiments(MOST, demos=False))
    if not everything:
        st.info(EMPTY, icon=":material/science:")
        with st.container(horizontal=True, gap="small"):
            pages.link(pages.LAB, "Start one in the Lab")
            pages.link(pages.LESSONS, "Let a lesson train one")
        _undo()
        return
    wanted = _find(everything)
    view = _view(everything)
    active = any(one.state in ACTIVE for one in everything)
    listed.active = active
    st.fragment(_list, run_every=EVERY if active else RARELY)(wanted, view)
    if len(everything) == MOST:
        st.caption(f"The {MOST} that were added last are listed; older ones are kept.")


def _find(everything: Sequence[Stored]) -> table.Wanted:
    """Search and filters; what is chosen here stays while the visitor goes from page to page."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search",
            key="runs_text",
            icon=":material/search:",
            placeholder="name, note, tag, setting, id",
            width=280,
            persist_state="session",
        )
        with st.popover("Filter", icon=":material/filter_list:"):
            there = [one.experiment for one in everything if one.experiment]
            states = _several("State", [state for state in run_columns.STATES if any(one.state == state for one in everything)])
            datasets = _several("Data set", sorted({one.dataset for one in there}))
            rules = _several("Rule", [rule for rule in RULES if any(rule in one.rules for one in there)])
            tags = _several("Tag", sorted({tag for one in everything for tag in one.tags}))
            latest = st.toggle(
                "Latest only",
                key="runs_latest",
                help="Of experiments with the same settings only the one that was started last.",
                persist_state="session",
            )
        if states or datasets or rules or tags or latest or text:
            st.button("Show all", icon=":material/filter_list_off:", on_click=_show_all)
    return table.Wanted(text or "", states, datasets, rules, tags, latest)


def _several(label: str, there: Sequence[str]) -> list[str]:
    """What is chosen of what there is; a choice that nothing has any more is shown too, and finds nothing.

    Where all are alike in it, there is nothing to choose.
    """
    key = f"runs_{label.lower().replace(' ', '_')}"
    options = list(dict.fromkeys([*there, *held(key, [])]))
    return st.multiselect(label, options, key=key, persist_state="session") if len(options) > 1 or held(key) else []


def _show_all() -> None:
    for name, empty in {"text": "", "state": [], "data_set": [], "rule": [], "tag": [], "latest": False}.items():
        hold(f"runs_{name}", empty)


def _view(everything: Sequence[Stored]) -> dict:
    """Which figures and settings are shown, and by what rows are grouped."""
    metrics = sorted({"test_error", *manager().store.metrics()}, key=lambda name: (name != "test_error", name))
    differ = table.differing(everything)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        metric = st.selectbox(
            "Metric",
            metrics,
            key="runs_metric",
            format_func=lambda name: name.replace("_", " "),
            width=200,
            persist_state="session",
        )
        best = st.segmented_control(
            "Value",
            ["last", "best"],
            default="last",
            required=True,
            key="runs_value",
            help="The best is the smallest so far.",
            persist_state="session",
        )
        group = st.selectbox(
            "Group by",
            list(dict.fromkeys([NO_GROUP, *differ, held("runs_group", NO_GROUP)])),  # what is alike in all groups nothing
            key="runs_group",
            format_func=lambda name: name if name == NO_GROUP else title(name),
            width=200,
            persist_state="session",
        )
        rules = {rule for one in everything if one.experiment for rule in one.experiment.rules}
        order = st.selectbox(
            "Sort by",
            [NEWEST, OLDEST, "name", "state", *(rule for rule in RULES if rule in rules)],
            key="runs_order",
            help="This stays; a click on the head of a column sorts until a row is added.",
            width=160,
            persist_state="session",
        )
        only = st.toggle(
            "Only settings that differ",
            value=True,
            key="runs_differ",
            help="Hides the settings in which all rows are alike.",
            persist_state="session",
        )
    return {
        "metric": metric,
        "best": best == "best",
        "group": "" if group == NO_GROUP else group,
        "order": order,
        "only": only,
    }


def _list(wanted: table.Wanted, view: dict) -> None:
    """What matches, with its buttons; it ticks."""
    run_table.take_over()
    store = manager().store
    everything = whose.chosen(store.experiments(MOST, demos=False))
    if any(one.state in ACTIVE for one in everything) != listed.active:
        st.rerun()  # to tick more often or more rarely
    found = wanted(everything)
    group, metric = view["group"], view["metric"]
    settings = table.differing(found) if view["only"] else [name for name in table.SETTINGS if table.said(found, name)]
    settings = [*([group] if group else []), *(name for name in settings if name != group)]
    finals = store.finals([one.id for one in found])
    chosen = [one for one in found if one.id in ticks.chosen] or (found if len(found) == 1 else [])
    eyed = [one.id for one in everything if one.id in ticks.shown]
    _buttons(chosen, len(found), len(everything), eyed)
    _undo()
    if not found:
        st.info("Nothing matches: press Show all.", icon=":material/search_off:")
        return
    shown = run_table.frame(found, finals, metric, settings, view["best"], first=view["only"])
    shown = run_table.ordered(shown, view["order"] if view["order"] in shown else "", group, backwards=view["order"] == OLDEST)
    run_table.editor(shown, metric)
    if ((finals["metric"] == metric) & finals["wrong"]).to_numpy().any():
        st.caption(SAID)
    if said := epoch_means.about(metric, view["best"]):
        st.caption(said)
    by_id = {one.id: one for one in found}
    found = [by_id[id] for id in shown.index]
    compared = [one for one in found if one.id in ticks.shown] or found
    paper_table.show(compared, finals, metric, view["best"], group, all_of_them=len(compared) == len(found))


def _buttons(chosen: Sequence[Stored], found: int, everything: int, eyed: Sequence[str]) -> None:
    """What can be done with the chosen experiments; a single one that was found counts as chosen.

    `eyed`: ids of those that are ticked Show.
    """
    store = manager().store
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        one = chosen[0] if len(chosen) == 1 and chosen[0].experiment else None
        pressed = st.button(
            "Open",
            key="runs_open_chosen",
            icon=":material/open_in_new:",
            disabled=one is None,
            help="The chosen one, in the Lab",
        )
        inside = st.button(
            "Look inside",
            key="runs_look_inside",
            icon=":material/visibility:",
            disabled=one is None,
            help="Its networks, at any step of the training",
        )
        compare = st.button(
            "Compare",
            key="runs_compare",
            icon=":material/stacked_line_chart:",
            disabled=not chosen and not eyed,
            help="The curves of the chosen ones over each other; of those ticked Show where none is chosen",
        )
        mine = manager().rights.mine()
        own = [one for one in chosen if mine(one.owner)]
        if busy := [one.id for one in own if store.busy(one)]:
            st.button("Stop", key="runs_stop", icon=":material/stop:", on_click=_stop, args=(busy,))
        if ended := [one for one in own if one.state in ENDED and one.experiment and not one.demo]:
            with st.popover("Train on", icon=":material/resume:", key="runs_train_on", help="For more epochs"):
                train_on.show([status for one in ended if (status := manager().status(one.id))], "runs_train_on")
        if own:
            ids = [one.id for one in own]
            st.button("Remove", key="runs_remove", icon=":material/delete:", on_click=_remove, args=(ids,))
        all_of_them = f"{everything} experiment{'s' * (everything != 1)}"
        count = all_of_them if found == everything else f"{found} of {all_of_them}"
        st.caption(f"{count} · {len(chosen)} chosen" if chosen else f"{count} · tick Choose to act on one or several")
    id = one.id if pressed and one else run_table.opened()
    if id:
        watching.arrive()  # whoever has not been in the Lab yet
        watching.watch(id)
        pages.go(pages.LAB)
    if compare:
        if chosen:
            show_only(one.id for one in chosen)
        pages.go(pages.COMPARE)
    if inside and one:
        watching.arrive()
        watching.watch(one.id)
        pages.go(pages.LEARNT)


def _stop(ids: Sequence[str]) -> None:
    for id in ids:
        manager().stop(id)


def _remove(ids: Sequence[str]) -> None:
    """Stop experiments and take them off the list; what another server is busy with stays."""
    for id in ids:
        manager().remove(id)
    gone = [id for id in ids if (one := manager().store.get(id)) and one.removed is not None]
    removed.ids, removed.stayed = gone, len(ids) - len(gone)
    ticks.chosen.difference_update(gone)
    anew()


def _undo() -> None:
    """Says what was removed last, and offers it back."""
    gone, stayed = removed.ids, removed.stayed
    if stayed:
        st.warning(f"{stayed} not removed: another server is busy with it. Stop it there first.", icon=":material/warning:")
    if gone:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            several = "1 experiment is" if len(gone) == 1 else f"{len(gone)} experiments are"
            st.caption(f"{several} removed; all they measured is still on the disk, see Free space.")
            st.button("Undo", key="runs_undo", icon=":material/undo:", on_click=_restore)


def _restore() -> None:
    ids, removed.ids = removed.ids, []
    for id in ids:
        manager().restore(id)
    anew()
