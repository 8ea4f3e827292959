"""Lessons: a list, and step by step a text, a question, the experiment that answers it, and the explanation.

Where a visitor is stands in the link: lesson, step, and, once the question is answered, the answer and the run.
"""

from math import ceil

import streamlit as st

from app.bar import share_links
from app.form.settings_form import show_problems
from app.live import live_chart
from app.live.component import load_plotly
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import form_state, hidden_controls, projector, share, watching
from app.visit.session import Remembered, fresh, held, session
from dfa_lab.data import facts_of
from dfa_lab.lessons import Lesson, Step, lessons
from dfa_lab.runs.live import Status
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import command

# Titles of one level below the page's, as large as a card can bear.
CARDS = "<style>[class*=st-key-card_] h2 { font-size: 1.25rem; padding-block: 0.375rem; }</style>"
PLACE = ("lesson", "step", "answer", "run")


class Visited(Remembered, prefix="lesson"):
    """Where the visitor is, and what trains for them."""

    place: dict[str, str] = fresh(dict)  # as in the link
    problems: list[str] = fresh(list)
    run: str = ""  # id of the experiment that was begun last


visited = Visited()


def show() -> None:
    """The list, or the step that the link names."""
    place = _place()
    name = place.get("lesson", "")
    if name not in lessons():
        _list(f"There is no lesson {name[:40]!r}: here are all of them." if name else "")
        return
    lesson = lessons()[name]
    text = place.get("step", "1")
    number = int(text) if text.isdecimal() and len(text) < 4 else 0
    if not 1 <= number <= len(lesson.steps):
        show_problems([f"This lesson has no step {text[:20]!r}: here is the first of {len(lesson.steps)}."])
        number = 1
    _step(lesson, number, place)


def _place() -> dict[str, str]:
    """The place that the link names; without one, where the visitor was before going to another page."""
    given = {name: st.query_params[name] for name in PLACE if name in st.query_params}
    if not given and (given := visited.place):
        hidden_controls.into_url(given)
    visited.place = given
    return given


def _go(**place: str) -> None:
    visited.place = place
    visited.problems = []
    hidden_controls.into_url(place)


def _list(problem: str) -> None:
    st.html(CARDS)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title("Lessons", anchor=False, width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            share_links.popover(pages.LESSONS)
            projector.toggle()
    st.markdown("Guess first, then watch it happen. Every lesson trains real networks while you look, and opens in the Lab.")
    show_problems([plain(problem)] if problem else [])
    # a row of its own for each two: on a phone, which has one column, they follow in order
    rows = [st.columns(2) for _ in range(ceil(len(lessons()) / 2))]
    for number, lesson in enumerate(lessons().values()):
        with rows[number // 2][number % 2].container(border=True, height="stretch", key=f"card_{lesson.name}"):
            st.markdown(f"## {number + 1}. {lesson.title}")
            st.markdown(lesson.why)
            with st.container(horizontal=True, vertical_alignment="center"):
                label = f"Begin lesson {number + 1}"
                st.button(label, key=f"begin_{lesson.name}", on_click=_go, kwargs={"lesson": lesson.name, "step": "1"})
                st.caption(f"{lesson.minutes} minutes · {len(lesson.steps)} steps")


def _step(lesson: Lesson, number: int, place: dict[str, str]) -> None:
    step = lesson.steps[number - 1]
    answer = place.get("answer", "")
    choice = int(answer) if answer in map(str, range(1, len(step.choices) + 1)) else 0
    status = _status(step, place.get("run", "")) if choice else None
    load_plotly()
    st.progress(number / len(lesson.steps), text=f"{lesson.title} · step {number} of {len(lesson.steps)}")
    show_problems(visited.problems)
    text, chart = st.columns([2, 3], gap="medium") if choice else (st.container(width=800), None)
    with text:
        st.header(step.title, anchor=False)
        if choice:
            _answered(step, choice)
            with st.expander("The text and the settings again"):
                st.markdown(step.text)
                st.code(command(step.experiment), language="bash", wrap_lines=True)
        else:
            st.markdown(step.text)
            _ask(lesson, number, step)
        _tools(lesson, number, choice, status)
    if chart:
        with chart:
            if status:
                live_chart.show(status, lambda: manager().status(status.id) or status)
            else:
                st.info("The experiment of this step is not on this server any more: press Watch again.")
    with st.bottom:
        _bar(lesson, number, choice)


def _ask(lesson: Lesson, number: int, step: Step) -> None:
    key = f"answer_{lesson.name}_{number}"
    numbers = list(range(1, len(step.choices) + 1))
    st.radio(f"**{step.question}**", numbers, index=None, key=key, format_func=lambda n: step.choices[n - 1])
    st.button(
        "Watch what happens",
        type="primary",
        icon=":material/play_arrow:",
        disabled=held(key) is None,
        on_click=_watch,
        args=(lesson, number, held(key)),
    )


def _answered(step: Step, choice: int) -> None:
    st.markdown(f"**{step.question}**")
    given = step.choices[choice - 1]
    if step.right(choice):
        st.success(f"You said: {given}. That is so.", icon=":material/check:")
    else:
        st.warning(f"You said: {given}. What happens: **{step.choices[step.answer - 1]}.**", icon=":material/lightbulb:")
    st.markdown(f":material/visibility: **Look at:** {step.look}")
    st.markdown(step.reveal)


def _watch(lesson: Lesson, number: int, choice: int) -> None:
    """Begin the step's experiment for this visitor, slowed down so that it can be watched; the one before is stopped."""
    step = lesson.steps[number - 1]
    experiment = step.experiment
    steps = experiment.epochs * ceil(facts_of(experiment).train / experiment.batch_size)
    if manager().rights.owns(visited.run):
        manager().stop(visited.run)
    problems, run = [], ""
    try:
        run = manager().start(experiment, pace=steps / step.seconds, title=f"{lesson.title}: {step.title}")
    except SettingsError as error:
        problems = error.problems
    visited.run = run
    _go(lesson=lesson.name, step=str(number), answer=str(choice), run=run)
    visited.problems = problems


def _status(step: Step, run: str) -> Status | None:
    """The status of the run in the link, if it is one of this step."""
    status = manager().status(run) if run else None
    return status if status and status.experiment == step.experiment else None


def _bar(lesson: Lesson, number: int, choice: int) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if number > 1:
            back = {"lesson": lesson.name, "step": str(number - 1)}
            st.button("Back", icon=":material/arrow_back:", on_click=_go, kwargs=back)
        if number < len(lesson.steps):
            ahead = {"lesson": lesson.name, "step": str(number + 1)}
            kind = "primary" if choice else "secondary"
            st.button("Next", icon=":material/arrow_forward:", type=kind, on_click=_go, kwargs=ahead)
        st.button("All lessons", icon=":material/list:", on_click=_go)


def _tools(lesson: Lesson, number: int, choice: int, status: Status | None) -> None:
    with st.container(horizontal=True, gap="small"):
        if choice:
            st.button("Watch again", icon=":material/replay:", on_click=_watch, args=(lesson, number, choice))
        if st.button("Open in the Lab", icon=":material/science:"):
            _open_in_lab(lesson.steps[number - 1], status)
        # opening runs the page: what is shared is what is shown then
        with st.popover("Share", icon=":material/link:", key="share", on_change="rerun") as popover:
            if popover.open:
                url = share.address({"lesson": lesson.name, "step": str(number)}, pages.LESSONS)
                share_links.step(url, lesson.steps[number - 1].experiment)
        projector.toggle()


def _open_in_lab(step: Step, status: Status | None) -> None:
    """Go to the Lab with the settings in the form, and the experiment on screen if there is one."""
    st.query_params.clear()
    watching.arrive()  # whoever has not been in the Lab yet
    if status:
        watching.watch(status.id)
    else:
        form_state.put(step.experiment)
        session.watched, session.notice = None, watching.LINK_NOTE
    pages.go(pages.LAB)
