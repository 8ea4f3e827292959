"""The page Compare: any experiments over each other, and whether what differs may be chance."""

from collections.abc import Sequence

import streamlit as st

from app.bar import share_links
from app.compare import choices, component, curves, significance
from app.compare.choices import Chosen, compared
from app.compare.message import Look, points_of
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import watching, whose
from app.visit.hidden_controls import COMPARE
from app.visit.session import held
from dfa_lab.compare import lines, run_groups, table
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.wording import in_words, title

OPEN = "compare_open"  # key of the buttons in the table
LISTED = 2000  # experiments that can be chosen
EVERY = 2.0  # seconds, while something is trained
FEW_SETTINGS, FEW_VALUES = 4, 4  # that are said in a sentence; the table has all


def show() -> None:
    """The whole page."""
    share_links.title(pages.COMPARE, "Compare", {COMPARE: compared.shown})
    store = manager().store
    store.notice_the_dead()
    if manager().problem:
        st.warning(plain(manager().problem), icon=":material/warning:")
    everything = store.experiments(LISTED, demos=False)
    found = choices.experiments(everything, choices.demonstration())
    if compared.problem:
        st.warning(plain(compared.problem), icon=":material/link_off:")
    chosen = choices.choices(found)
    st.caption(plain(" ".join(filter(None, [differences(found), whose.of_others([one for one in found if not one.demo])]))))
    active = _active(found)
    compared.active = active
    ticking = EVERY if active else None
    st.fragment(_charts, run_every=ticking)(chosen)
    st.fragment(significance.show, run_every=ticking)(chosen)
    _settings(found)
    _download(chosen)


def _charts(chosen: Chosen) -> None:
    if choices.another_showing(chosen.found):
        st.rerun()
    chosen = curves.now(chosen)
    if _active(chosen.found) != compared.active:
        st.rerun()  # it is over: no more ticking
    if not chosen.panels:
        st.info("Choose a panel.", icon=":material/info:")
        return
    component.draw(curves.view(chosen), key="comparison")


def _active(found: Sequence[Stored]) -> bool:
    """Whether there is more to come; after a showing of the demonstration another one comes."""
    return any(one.state in ACTIVE or one.demo for one in found)


def _settings(found: Sequence[Stored]) -> None:
    """A table of the settings in which the experiments differ, with a way into the Lab for each."""
    st.header("The experiments", anchor=False)
    differ = table.differing(found)
    frame = {
        "open": [":material/open_in_new: Open" for _ in found],
        "name": [choices.title(one) for one in found],
        "rules": [", ".join(one.experiment.rules) if one.experiment else "" for one in found],
        "seeds": [", ".join(map(str, one.experiment.seeds)) if one.experiment else "" for one in found],
        **{title(name): [table.setting(one, name) for one in found] for name in differ},
        "state": [one.state for one in found],
        "id": [one.id for one in found],
    }
    compared.listed = [one.id for one in found]
    st.dataframe(
        frame,
        hide_index=True,
        height=min(36 * (len(found) + 1), 400),
        column_config={
            "open": st.column_config.ButtonColumn("Open", type="tertiary", key=OPEN, on_click=_open),
            "name": st.column_config.TextColumn("Experiment", width="medium"),
        },
        alt="The compared experiments with the settings in which they differ",
    )
    demos = {one.id for one in found if one.demo}
    id, compared.opened = compared.opened, None
    if id:
        watching.arrive()  # whoever has not been in the Lab yet
        watching.watch(id) if id not in demos else watching.leave()
        pages.go(pages.LAB)


def differences(found: Sequence[Stored]) -> str:
    """One sentence about the settings in which experiments differ."""
    if len(found) < 2:
        what = "The demonstration" if found[0].demo else "One experiment"
        return f"{what}: {table.about(found[0])}."
    differ = table.differing(found)
    if not differ:
        return f"{len(found)} experiments, alike in all settings but rules and seeds."
    named = [f"{in_words(name)} ({_values(found, name)})" for name in differ[:FEW_SETTINGS]]
    more = f" and {len(differ) - FEW_SETTINGS} more settings" if len(differ) > FEW_SETTINGS else ""
    return f"{len(found)} experiments that differ in {', '.join(named)}{more}; all else is the same."


def _values(found: Sequence[Stored], name: str) -> str:
    values = list(dict.fromkeys(sorted((table.setting(one, name) or "none" for one in found), key=table.sortable)))
    return ", ".join(values[:FEW_VALUES]) + (f" … {values[-1]}" if len(values) > FEW_VALUES else "")


def _open() -> None:
    click, ids = held(OPEN), compared.listed
    if click and click["row"] < len(ids):
        compared.opened = ids[click["row"]]


def _download(chosen: Chosen) -> None:
    st.download_button(
        "Download the lines (CSV)",
        lambda: csv(chosen),
        "dfa-lab-comparison.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="What is drawn, as numbers: value, low and high of every line. The pictures: the camera in each panel.",
    )


def csv(chosen: Chosen) -> str:
    chosen = curves.now(chosen)
    groups, look = curves.groups(chosen), chosen.look
    there = curves.counts(chosen.found)
    made = {panel.key: drawn(chosen, groups, there, panel) for panel in chosen.panels}
    return lines.table(groups, made, look.axis).to_csv(index=False)


def drawn(chosen: Chosen, groups: Sequence[run_groups.Group], there: dict[str, int], panel) -> list[lines.Line]:
    look: Look = chosen.look
    measured = curves.curves(there, panel)
    return lines.lines(groups, measured, look.axis, look.spread, look.smoothing, points_of(groups, look))
