"""Import on the page Experiments: a zip that Export made, here or in another lab."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import watching
from dfa_lab.export.import_zip import take
from dfa_lab.export.unpack import ImportProblem


def show() -> None:
    """The popover with the uploader, and what came of it."""
    with st.popover("Import", icon=":material/upload_file:", key="import"):
        st.caption("A zip that Export made, here or in another lab. Nothing in it is executed.")
        turn = st.session_state.setdefault("import_turn", 0)  # another uploader after each import: an empty one
        file = st.file_uploader("Exported experiment", type=["zip"], key=f"import_{turn}")
        if st.button("Import", key="import_now", type="primary", disabled=file is None) and file is not None:
            with st.spinner("Checking and unpacking"):
                _take(file)
            st.rerun()
        if problem := st.session_state.get("import_problem"):
            st.error(plain(problem), icon=":material/error:")
        if id := st.session_state.get("import_done"):
            st.success(f"Imported as {id}.", icon=":material/check:")
            for note in st.session_state.import_notes:
                st.caption(plain(note))
            if st.button("Open", key="import_open", icon=":material/open_in_new:"):
                watching.arrive()
                watching.watch(id)
                pages.go(pages.LAB)


def _take(file: UploadedFile) -> None:
    st.session_state.import_problem = st.session_state.import_done = ""
    try:
        taken = take(file, manager().store, manager().checkpoints)
    except ImportProblem as problem:
        st.session_state.import_problem = f"{file.name}: {problem}"
        return
    st.session_state.import_turn += 1
    st.session_state.import_done, st.session_state.import_notes = taken.id, taken.notes
