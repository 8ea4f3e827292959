"""What the Export popover holds: the experiment as one zip, its report, and a PyTorch script of its own."""

from collections.abc import Callable
from io import BytesIO

import streamlit as st

from app import report
from app.shell.server import manager
from app.visit.share import link
from dfa_lab.export import layout
from dfa_lab.export.package import Source, summary, write
from dfa_lab.export.script import script, unknown
from dfa_lab.runs.live import Status
from dfa_lab.runs.replay import history

FIGURES = {layout.REPORT: report.html, layout.CURVES: report.png}


def show(status: Status, opened: bool) -> None:
    """Nothing is made before a button is pressed; it is then made of what has been measured by that time.

    Drawn while it is closed too, or it would open as small as if it were empty; only then (`opened`) the store is asked.
    """
    id = status.id
    st.caption("Settings, every measured value, weights and feedback, curves, report and script: everything needed elsewhere")
    _button("Everything, one zip", "folder_zip", zipped(id, link(status.experiment)), f"dfa-lab-{id}.zip", "application/zip")
    st.caption("Settings, figures and curves for handing in; prints to PDF from the browser")
    _button("Report, one page", "description", page(id), f"dfa-lab-{id}.html", "text/html")
    changed = opened and history.by_hand(manager().store.events(id), status.experiment)
    if strange := unknown(status.experiment, changed):
        st.caption(strange)
        return
    st.caption("Trains it again to the same losses with PyTorch alone: one file to read, without this lab")
    text = script(status.experiment)
    _button("PyTorch script", "code", lambda: text.encode(), f"dfa-lab-{id}.py", "text/x-python")


def _button(label: str, icon: str, make: Callable[[], bytes], name: str, kind: str) -> None:
    st.download_button(
        label, make, name, kind, icon=f":material/{icon}:", on_click="ignore", width="stretch", key=f"export_{kind}"
    )


def _source() -> Source:
    here = manager()
    return Source(here.store, here.checkpoints, here.look, here.records)


def zipped(id: str, url: str) -> Callable[[], bytes]:
    """Makes the zip, in whatever thread it is called."""
    source = _source()

    def make() -> bytes:
        file = BytesIO()
        write(source, id, file, FIGURES, url)
        return file.getvalue()

    return make


def page(id: str) -> Callable[[], bytes]:
    """Makes the report."""
    source = _source()
    return lambda: report.html(summary(source, id)).encode()
