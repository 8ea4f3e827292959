"""Draw points of several classes, or load them from a file: what is drawn is at once a setting of the form."""

import streamlit as st

from app.charts import pictures
from app.charts.component import Picture
from app.shell import uploads
from app.shell.escape import plain
from app.visit import chosen, form_state, projector
from app.visit.session import Remembered, held, hold
from dfa_lab.settings import point_text, points_file
from dfa_lab.settings.point_text import MOST_CLASSES, MOST_POINTS
from dfa_lab.settings.points_file import PointsFile

LARGEST = 1  # MB of a file of points
SETTING = form_state.key("points")  # the form's value, beside the widgets' ones


class Said(Remembered, prefix="points"):
    """About the points that were loaded last."""

    problem: str = ""
    note: str = ""
    offered: PointsFile | None = None  # read from a file, and not yet used


said = Said()

_picture = Picture("dfa_lab_board", "form/drawing/view.js", "form/drawing/board.css", isolated=True)


def board(key: str) -> None:
    """Show the board, what the points are for, and files. `key`: this board's own; all boards show the form's points."""
    view = {
        "points": held(SETTING),
        "seen": held(f"{key}_seen", 0),
        "styles": [pictures.style(number) for number in range(MOST_CLASSES)],
        "most": MOST_POINTS,
        "large": projector.on(),
    }
    _picture.draw(view, key, on_drawn_change=lambda: _take(key))
    st.caption(_parts(held(SETTING)))
    with st.popover("File", icon=":material/table:", width="stretch"):
        _files(key)
    if said.offered:
        st.info(plain(f"{said.note} {said.offered.understood}"), icon=":material/table:")
        with st.container(horizontal=True):
            st.button("Use these points", key=f"{key}_use", type="primary", on_click=_use)
            st.button("Leave them", key=f"{key}_leave", on_click=_leave)
    elif said.problem:
        st.error(plain(said.problem), icon=":material/error:")


def _take(key: str) -> None:
    """What was drawn becomes the setting. A browser can send anything: the form checks it as it checks a link."""
    drawn = held(key).drawn
    if isinstance(drawn, dict) and isinstance(drawn.get("points"), str) and isinstance(drawn.get("number"), (int, float)):
        hold(SETTING, drawn["points"][: 4 * MOST_POINTS + 4])
        hold(f"{key}_seen", int(drawn["number"]))
        chosen.in_form()
        _leave()


def _parts(text: str) -> str:
    """Say in a sentence which of the points train and which test."""
    try:
        points = point_text.decode(text)
    except point_text.Unreadable:
        return "Draw points of at least two classes."
    train, test = point_text.split(points)
    if train is test:
        return (
            f"All {len(points)} points train and test, since no class has five: the test error says nothing about new points."
        )
    if held(form_state.key("hold_out")):
        return f"Of {len(train)} points a part is held out and tests; the other {len(test)} are not used."
    if 0 < (few := held(form_state.key("train_samples")) or 0) < len(train):
        return f"{few} of {len(train)} points train, {len(test)} test: every fifth of a class."
    return f"{len(train)} points train, {len(test)} test: every fifth of a class."


def _files(key: str) -> None:
    st.file_uploader(
        "Load points (CSV)",
        type=["csv", "tsv", "txt"],
        key=f"{key}_file",
        on_change=_load,
        args=(f"{key}_file",),
        help="A line a point: x, y and a class, which may be a number or a name; between commas, semicolons, tabs or blanks. "
        "What does not lie within -1 and 1 is moved and scaled to fit. How the file was understood is said before it is used.",
        max_upload_size=LARGEST,
    )
    try:
        points = point_text.decode(held(SETTING))
    except point_text.Unreadable:
        points = []
    st.download_button(
        "Save these points",
        point_text.to_csv(points),
        "points.csv",
        "text/csv",
        key=f"{key}_save",
        icon=":material/download:",
        disabled=not points,
        on_click="ignore",
    )


def _load(key: str) -> None:
    file = held(key)
    if file is None:  # taken out of the list again: its points stay
        return
    _leave()
    try:
        content = uploads.opened(file).read(LARGEST * 2**20 + 1)
        if len(content) > LARGEST * 2**20:
            raise point_text.Unreadable(f"a file of at most {LARGEST} MB")
        said.offered = points_file.read(content)
    except uploads.NotTaken as why:
        said.problem = f"{file.name[:80]} was not taken: {why}."
    except point_text.Unreadable as error:
        said.problem = f"{file.name[:80]} cannot be used: give {error}."
    else:
        said.note = f"{file.name[:80]} is understood so:"


def _use() -> None:
    """What a file was understood to hold becomes the setting."""
    if said.offered:
        hold(SETTING, said.offered.points)
        chosen.in_form()
    _leave()


def _leave() -> None:
    """Forget what was said of a file, and what it offered."""
    said.problem, said.note, said.offered = "", "", None
