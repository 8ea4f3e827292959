"""Below a step: pause and again, its way into the Lab, its link, and the task of a path."""

from collections.abc import Callable

import streamlit as st

from app.bar import share_links
from app.lessons import done_marks
from app.lessons.lesson_place import at, path
from app.lessons.lesson_words import say
from app.shell import pages
from app.shell.server import manager
from app.visit import form_state, projector, share, watching
from app.visit.session import held, hold, session
from dfa_lab.lessons import Step
from dfa_lab.lessons.learning_paths import Station, Stop
from dfa_lab.runs.live import ACTIVE, Status

ANSWER = "lesson_note_"  # before the name of a note, the key of its field


def show(stop: Stop, step: Step, choice: int, status: Status | None, again: Callable[[], None]) -> None:
    """The row of buttons. `again` trains the step's experiment anew."""
    with st.container(horizontal=True, gap="small"):
        if choice:
            if status and status.state in ACTIVE and manager().rights.owns(status.id):
                _pause(status)
            st.button(say("again"), key="again", icon=":material/replay:", on_click=again)
        if st.button(say("open_in_lab"), key="open_in_lab", icon=":material/science:"):
            _open_in_lab(step, status)
        # opening runs the page: what is shared is what is shown then
        with st.popover(say("share"), icon=":material/link:", key="share", on_change="rerun") as popover:
            if popover.open:
                place = {name: text for name, text in at(stop).items() if text}
                share_links.step(share.address(place, pages.LESSONS), step.experiment)
        projector.toggle()


def _pause(status: Status) -> None:
    if status.state == "paused":
        st.button(
            say("resume"), key="pause", icon=":material/resume:", shortcut="P", on_click=manager().resume, args=(status.id,)
        )
    else:
        st.button(say("pause"), key="pause", icon=":material/pause:", shortcut="P", on_click=manager().pause, args=(status.id,))


def _open_in_lab(step: Step, status: Status | None) -> None:
    """Go to the Lab with the settings in the form, and the experiment on screen if there is one."""
    st.query_params.clear()
    watching.arrive()  # whoever has not been in the Lab yet
    if status and manager().status(status.id):  # of a recorded run there are the settings alone
        watching.watch(status.id)
    else:
        form_state.put(step.experiment)
        session.watched, session.notice = None, watching.LINK_NOTE
    pages.go(pages.LAB)


def note_name(path_name: str, stop: Stop, number: int) -> str:
    """Under which name the answer to a path's question is kept."""
    return f"{path_name}/{stop.lesson}/{stop.step}/{number}"


def task(stop: Stop) -> None:
    """What the path has one do after this step, and fields for what it asks."""
    followed, station = path(), _station(stop)
    if not followed or not station or not (station.task or station.asks):
        return
    with st.container(border=True, key="task"):
        st.subheader(say("task"), anchor=False)
        st.markdown(station.task)
        for number, question in enumerate(station.asks, start=1):
            name = note_name(followed.name, stop, number)
            key = ANSWER + name
            if not held(key):  # the browser may have told it after the field was drawn
                hold(key, done_marks.note(name))
            most, about = done_marks.LONGEST, say("your_answer")
            st.text_area(question, key=key, max_chars=most, help=about, on_change=_write, args=(name,))


def asked(stop: Stop) -> list[str]:
    """What the path asks after this step, to be answered in words."""
    station = _station(stop)
    return station.asks if station else []


def _station(stop: Stop) -> Station | None:
    followed = path()
    return followed.station(stop) if followed else None


def _write(name: str) -> None:
    done_marks.write(name, held(ANSWER + name, ""))
