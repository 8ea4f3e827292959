"""Draw points of several classes, or load them from a file: what is drawn is at once a setting of the form."""

import streamlit as st

from app.charts import pictures
from app.charts.component import Picture
from app.shell import projector
from app.shell.escape import plain
from dfa_lab.settings import point_text
from dfa_lab.settings.point_text import MOST_CLASSES, MOST_POINTS

SETTING = "setting_points"  # the form's value, beside the widgets' ones
PROBLEM = "points_problem"
NOTE = "points_note"

_picture = Picture("dfa_lab_board", "form/drawing/view.js", "form/drawing/board.css", isolated=True)


def board(key: str) -> None:
    """The board, what the points are for, and files. `key`: of this board; all boards show the form's points."""
    view = {
        "points": st.session_state[SETTING],
        "seen": st.session_state.get(f"{key}_seen", 0),
        "styles": [pictures.style(number) for number in range(MOST_CLASSES)],
        "most": MOST_POINTS,
        "large": projector.on(),
    }
    _picture.draw(view, key, on_drawn_change=lambda: _take(key))
    st.caption(_parts(st.session_state[SETTING]))
    with st.popover("File", icon=":material/table:", width="stretch"):
        _files(key)
    if problem := st.session_state.get(PROBLEM):
        st.error(plain(problem), icon=":material/error:")
    elif note := st.session_state.get(NOTE):
        st.info(note, icon=":material/fit_screen:")


def _take(key: str) -> None:
    """What was drawn becomes the setting. A browser can send anything: the form checks it as it checks a link."""
    drawn = st.session_state[key].drawn
    if isinstance(drawn, dict) and isinstance(drawn.get("points"), str) and isinstance(drawn.get("number"), (int, float)):
        st.session_state[SETTING] = drawn["points"][: 4 * MOST_POINTS + 4]
        st.session_state[f"{key}_seen"] = int(drawn["number"])
        st.session_state[PROBLEM] = st.session_state[NOTE] = ""


def _parts(text: str) -> str:
    """Which of the points train and which test."""
    try:
        points = point_text.decode(text)
    except point_text.Unreadable:
        return "Draw points of at least two classes."
    train, test = point_text.split(points)
    if train is test:
        return (
            f"All {len(points)} points train and test, since no class has five: the test error says nothing about new points."
        )
    if st.session_state.get("setting_hold_out"):
        return f"Of {len(train)} points a part is held out and tests; the other {len(test)} are not used."
    return f"{len(train)} points train, {len(test)} test: every fifth of a class."


def _files(key: str) -> None:
    st.file_uploader(
        "Load points (CSV)",
        type="csv",
        key=f"{key}_file",
        on_change=_load,
        args=(f"{key}_file",),
        help="A line a point: x,y,class. From -1 to 1, else they are moved and scaled to fit; classes from 0 to 9.",
        max_upload_size=1,
    )
    try:
        points = point_text.decode(st.session_state[SETTING])
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
    file = st.session_state[key]
    if file is None:  # taken out of the list again: its points stay
        return
    st.session_state[PROBLEM] = st.session_state[NOTE] = ""
    try:
        st.session_state[SETTING], fitted = point_text.from_csv(file.getvalue().decode("utf-8"))
    except point_text.Unreadable as error:
        st.session_state[PROBLEM] = f"{file.name[:80]} cannot be used: give {error}."
    except UnicodeDecodeError:
        st.session_state[PROBLEM] = f"{file.name[:80]} is no text file: give one with x,y,class in each line."
    else:
        if fitted:
            st.session_state[NOTE] = (
                "The file's points reach beyond -1 and 1: they are moved and scaled to fit, both ways alike."
            )
