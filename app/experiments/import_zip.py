"""Import on the page Experiments: a zip that Export made, here or in another lab."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.shell import pages, uploads
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import watching
from app.visit.session import Remembered
from dfa_lab.export.import_zip import take
from dfa_lab.export.unpack import ImportProblem
from dfa_lab.settings.experiment import SettingsError


class Imported(Remembered, prefix="import"):
    """What came of the last import."""

    turn: int = 0  # another uploader after each import: an empty one
    problem: str = ""
    done: str = ""  # id of the experiment
    notes: tuple[str, ...] = ()


imported = Imported()


def show() -> None:
    """The popover with the uploader, and what came of it."""
    with st.popover("Import", icon=":material/upload_file:", key="import"):
        st.caption("A zip that Export made, here or in another lab. Nothing in it is executed.")
        file = st.file_uploader("Exported experiment", type=["zip"], key=f"import_{imported.turn}")
        if st.button("Import", key="import_now", type="primary", disabled=file is None) and file is not None:
            with st.spinner("Checking and unpacking"):
                _take(file)
            st.rerun()
        if imported.problem:
            st.error(plain(imported.problem), icon=":material/error:")
        if id := imported.done:
            st.success(f"Imported as {id}.", icon=":material/check:")
            for note in imported.notes:
                st.caption(plain(note))
            if st.button("Open", key="import_open", icon=":material/open_in_new:"):
                watching.arrive()
                watching.watch(id)
                pages.go(pages.LAB)


def _take(file: UploadedFile) -> None:
    imported.problem = imported.done = ""
    try:
        here = manager()
        owner = here.rights.begin({})
        taken = take(uploads.opened(file), here.store, here.checkpoints, owner, here.quota, here.promises)
    except uploads.NotTaken as why:
        imported.problem = f"{file.name} was not taken: {why}."
        return
    except ImportProblem as problem:
        imported.problem = f"{file.name}: {problem}"
        return
    except SettingsError as error:  # the server is closed for what is new
        imported.problem = error.problems[0]
        return
    uploads.used(file)
    imported.turn += 1
    imported.done, imported.notes = taken.id, taken.notes
