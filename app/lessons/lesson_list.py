"""The list: paths on top, then every lesson, each with what is done of it and how long it takes."""

from math import ceil

import streamlit as st

from app.bar import share_links
from app.form.settings_form import show_problems
from app.lessons import done_marks, lesson_times
from app.lessons.lesson_place import go
from app.lessons.lesson_words import all_lessons, all_paths, say
from app.shell import pages
from app.shell.escape import plain
from app.visit import projector
from dfa_lab.lessons import Lesson
from dfa_lab.lessons.learning_paths import LearningPath, Stop

# Titles of two levels below the page's, as large as a card can bear.
CARDS = "<style>[class*=st-key-card_] h3 { font-size: 1.25rem; padding-block: 0.375rem; }</style>"
COLUMNS = 2


def show(problem: str = "") -> None:
    """The list, under a sentence about what was not found."""
    st.html(CARDS)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(say("title"), anchor=False, width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            share_links.popover(pages.LESSONS)
            projector.toggle()
    st.markdown(say("about"))
    show_problems([plain(problem)] if problem else [])
    paths = list(all_paths().values())
    st.header(say("paths"), anchor=False)
    for column, path in zip(st.columns(len(paths)), paths, strict=True):
        with column:
            _path(path)
    st.header(say("all"), anchor=False)
    slow = lesson_times.slowness()
    # a row of its own for each two: on a phone, which has one column, they follow in order
    rows = [st.columns(COLUMNS) for _ in range(ceil(len(all_lessons()) / COLUMNS))]
    for number, lesson in enumerate(all_lessons().values()):
        with rows[number // COLUMNS][number % COLUMNS]:
            _lesson(lesson, number + 1, slow)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(say("kept_here"))
        if done_marks.anything():
            st.button(say("forget"), key="forget_marks", icon=":material/delete:", on_click=done_marks.forget)


def _path(path: LearningPath) -> None:
    stops = path.stops
    open_ones = [stop for stop in stops if not done_marks.find(stop)]
    first = open_ones[0] if open_ones else stops[0]
    with st.container(border=True, height="stretch", key=f"card_path_{path.name}"):
        st.markdown(f"### {path.title}")
        st.markdown(path.why)
        place = {"path": path.name, "lesson": first.lesson, "step": str(first.step)}
        label = say("go_on_path" if 0 < len(open_ones) < len(stops) else "begin_path", path=path.title)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(label, key=f"begin_path_{path.name}", type="primary", on_click=go, kwargs=place)
            if path.sheet:
                sheet = {"path": path.name, "sheet": "1"}
                st.button(say("to_sheet"), key=f"sheet_{path.name}", icon=":material/description:", on_click=go, kwargs=sheet)
        size = say("path_size", minutes=path.minutes, steps=len(stops))
        st.caption(" · ".join(filter(None, [size, _done(len(stops) - len(open_ones), len(stops))])))


def _lesson(lesson: Lesson, number: int, slow: float) -> None:
    steps = len(lesson.steps)
    open_ones = [n for n in range(1, steps + 1) if not done_marks.find(Stop(lesson.name, n))]
    with st.container(border=True, height="stretch", key=f"card_{lesson.name}"):
        st.markdown(f"### {number}. {lesson.title}")
        st.markdown(lesson.why)
        place = {"lesson": lesson.name, "step": str(open_ones[0] if open_ones else 1)}
        st.button(say("begin", number=number), key=f"begin_{lesson.name}", on_click=go, kwargs=place)
        time = lesson_times.words(lesson_times.lesson_now(lesson, slow))
        now = say("trains_slow" if slow > lesson_times.NOTICED else "trains", time=time)
        size = say("size", minutes=lesson.minutes, steps=steps)
        st.caption(" · ".join(filter(None, [size, now, _done(done_marks.done(lesson), steps)])))


def _done(done: int, steps: int) -> str:
    return "" if not done else say("done") if done == steps else say("partly_done", done=done, steps=steps)
