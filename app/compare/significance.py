"""Whether the difference between two lines may be chance: a sentence, and the numbers behind it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.compare import curves
from app.compare.choices import Chosen
from app.compare.message import Panel
from app.shell.escape import plain
from dfa_lab.compare import run_groups, significance, significance_words
from dfa_lab.compare.run_groups import Group
from dfa_lab.compare.significance import Difference
from dfa_lab.compare.significance_words import Measured
from dfa_lab.train.epoch_means import OF_BATCHES

MOST = 12  # lines that one is compared with at once
ABOUT = (
    "The interval holds the true difference in 95 of 100 such experiments. p is how often chance alone would make a "
    "difference as large: by Student's t-test over the pairs, or Welch's without pairs, both of which presume roughly normal "
    "values. The exact test presumes nothing: it swaps the partners of the pairs, or deals the values anew, in every way "
    "there is; with few seeds it cannot fall below the figure in brackets. Wilcoxon's signed ranks need six pairs. A "
    "difference that could be chance is not shown to be none."
)


def show(chosen: Chosen) -> None:
    """Two choices and the answer; it ticks with the charts."""
    chosen = curves.now(chosen)
    groups = curves.groups(chosen)
    st.header("May the difference be chance?", anchor=False)
    if len(groups) < 2 or not chosen.panels:
        st.caption("Two lines and a panel are needed: choose more rules or experiments.")
        return
    names = [group.name for group in groups]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        titles = [panel.title for panel in chosen.panels]
        title = st.selectbox("Of", titles, key=_key("of", titles), width=260)
        first = st.selectbox("Is", names, _another_rule(groups), key=_key("first", names), width=320)
        others = [name for name in names if name != first]
        second = st.multiselect(
            "different from", others, others[:1], key=_key(f"second_{first}", names), max_selections=MOST, width=420
        )
    if not second:
        st.caption("Choose what it is compared with.")
        return
    by_name = dict(zip(names, groups, strict=True))
    panel = chosen.panels[titles.index(title)]
    _answer(chosen, panel, by_name[first], [by_name[name] for name in second])


def _another_rule(groups: Sequence[Group]) -> int:
    """The place of the last rule in the experiment of the first group, else of the second group."""
    beside = [n for n, group in enumerate(groups) if group.key == groups[0].key and group.rule != groups[0].rule]
    return beside[-1] if beside else 1


def _key(name: str, options: Sequence[str]) -> str:
    """The key of a widget: another one for each list of options, as a choice from one list need not be in another."""
    return f"compare_{name}_{hash(tuple(options))}"


def _answer(chosen: Chosen, panel: Panel, first: Group, others: Sequence[Group]) -> None:
    column = "best" if chosen.look.best else "last"
    measured = curves.ends_of(chosen, panel)
    found = {one.id: one for one in chosen.found}
    differences, alike = [], []
    for other in others:
        how = run_groups.pairing(first, other, found)
        values = [run_groups.keyed(group, measured, column, how) for group in (first, other)]
        differences.append(significance.compare(*values, pair=how.pair))
        alike.append(how.from_the_same)
    corrected = significance.holm([one.p for one in differences])
    several = sum(one.p is not None for one in differences)
    rows = []
    for other, difference, same, p in zip(others, differences, alike, corrected, strict=True):
        of = measured_of(panel, column, first, other)
        sentence = significance_words.said(difference, of, alike=same, p=p, of_several=several)
        st.markdown(f"- {plain(sentence)}" if len(others) > 1 else plain(sentence))
        rows.append(_row(of, difference, p if several > 1 else None))
    with st.expander("The numbers behind it", icon=":material/functions:"):
        st.dataframe(pd.DataFrame(rows).dropna(axis="columns", how="all"), hide_index=True, alt="Tests of the differences")
        st.caption(ABOUT)


def measured_of(panel: Panel, column: str, first: Group, second: Group) -> Measured:
    what = f"{column} {panel.title[0].lower()}{panel.title[1:].replace(' · ', ' of ')}"
    what += " (of the batches of one record)" if panel.metric in OF_BATCHES else ""
    points = " percentage points" if panel.unit == " %" else panel.unit
    return Measured(first.name, second.name, what, panel.by, panel.unit, points)


def _row(of: Measured, one: Difference, corrected: float | None) -> dict[str, object]:
    low, high = (None if bound is None else bound * of.by for bound in (one.low, one.high))
    exact = None if one.exact is None or one.least is None else f"{one.exact:.3g} (≥ {one.least:.3g})"
    return {
        "of": of.first,
        "from": of.second,
        "mean": None if one.first is None else significance_words.number(one.first, of),
        "mean of the other": None if one.second is None else significance_words.number(one.second, of),
        "difference": None if one.value is None else f"{one.value * of.by:+.3g}{of.points}",
        "95 % interval": None if low is None or high is None else f"{low:+.3g} to {high:+.3g}",
        "runs": f"{one.runs[0]} pairs" if one.paired else f"{one.runs[0]} and {one.runs[1]}",
        "test": None if one.p is None else "t over pairs" if one.paired else "Welch",
        "p": one.p,
        "p, Holm": corrected,
        "p, exact": exact,
        "p, Wilcoxon": one.wilcoxon,
    }
