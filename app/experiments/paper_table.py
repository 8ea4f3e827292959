"""The last values of what is compared, as a table for a paper."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.shell import scroll_stops
from app.shell.escape import plain
from dfa_lab.compare import table
from dfa_lab.runs.store.stored import Stored
from dfa_lab.train import epoch_means

FORMATS = {
    "LaTeX": ("latex", "tex", "text/x-tex"),
    "Markdown": ("markdown", "md", "text/markdown"),
    "CSV": ("csv", "csv", "text/csv"),
}


def show(found: Sequence[Stored], finals: pd.DataFrame, metric: str, best: bool, group: str, *, all_of_them: bool) -> None:
    """The table, of the experiments that are ticked Show, or of all that are listed where none is."""
    of = "all that are listed: tick Show for fewer" if all_of_them else f"the {len(found)} ticked Show"
    with st.expander("Table for a paper", icon=":material/table_chart:", key="runs_paper", on_change="rerun") as paper:
        if not paper.open:
            return
        made = table.published(found, finals, metric, best=best, by=group)
        value = "Best" if best else "Last"
        rows = f"a row for each {group}" if group else "a row for each experiment"
        what = f"{value} {metric.replace('_', ' ')} of {of}; {rows}; mean ± standard deviation over runs."
        st.caption(f"{what} {epoch_means.about(metric, best)}".rstrip())
        if older := made.older():
            st.caption(plain(f"Older than their experiments: {older}."))
        st.dataframe(made.frame(), hide_index=True, alt=f"{value} {metric} of each rule")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.segmented_control(
                "Format", list(FORMATS), default="LaTeX", required=True, key="runs_format", persist_state="session"
            )
            method, ending, kind = FORMATS[chosen or "LaTeX"]
            text = getattr(made, method)()
            st.download_button(
                "Download", text, f"dfa-lab-{metric}.{ending}", kind, icon=":material/download:", on_click="ignore"
            )
        st.code(text, language="latex" if method == "latex" else None, height=260)
        scroll_stops.add()
