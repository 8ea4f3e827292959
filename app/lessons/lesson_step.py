"""A step of a lesson: a text with a question; then the training with one hint and no verdict; then, when the training has come
to what is asked for or the visitor wants to know, the answer and what it means."""

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.form.settings_form import show_problems
from app.lessons import done_marks, lesson_keys, lesson_pictures, lesson_times, lesson_tools, recorded_run
from app.lessons.lesson_place import at, go, neighbours, path, visited
from app.lessons.lesson_words import all_lessons, say
from app.live import live_chart
from app.live.component import load_plotly
from app.shell import landmarks
from app.shell.server import manager
from app.visit.session import held
from dfa_lab.lessons import Step
from dfa_lab.lessons.learning_paths import Stop
from dfa_lab.runs.live import ACTIVE, Status
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import command

NEXT = "Mod+Enter"  # presses what leads on, at each stage
LOOKS = 2.0  # seconds between two looks whether the answer is there
WIDTH = 800  # pixels of a text that stands alone
# On a screen as low as a laptop's at twice its size the button that leads on stays in sight, above the bar, while one reads.
# A phone has no keys. What a step is about is a curve: where little fits on the screen, curves come before the networks, and on
# a phone the chart stands between the hint and all else that belongs to the step.
STYLE = """<style>
@media (pointer: coarse), (max-width: 640px) { .st-key-keys, .stButton kbd { display: none; } }
.st-key-step .dfa-large .dfa-cards { order: 1; }
@media (max-height: 899px), (max-width: 800px) {
  .st-key-step .dfa-cards { order: 1; }
  .st-key-step .dfa-layout-lab .dfa-frame { min-height: 150px; }
}
@media (max-width: 800px) {
  .st-key-step > [data-testid=stLayoutWrapper] > [data-testid=stHorizontalBlock] {
    flex-flow: column nowrap; align-items: stretch; gap: 0.6rem;
  }
  .st-key-step [data-testid=stColumn]:has(.st-key-step_text) { display: contents; }
  .st-key-step [data-testid=stColumn]:has(.st-key-step_text) > [data-testid=stVerticalBlock] { display: contents; }
  .st-key-step [data-testid=stColumn] { width: 100%; flex: none; }
  .st-key-step_text { gap: 0.5rem; }
  .st-key-step [data-testid=stLayoutWrapper]:has(> .st-key-step_more, > .st-key-recorded_note) { order: 1; }
}
@media (max-height: 600px) {
  .stApp [data-testid=stBottomBlockContainer] { padding-block: 0.5rem; }
  .st-key-step_text > :is(.st-key-show_answer, :has(.st-key-watch)) {
    position: sticky; bottom: 3.6rem; z-index: 3; padding-block: 0.3rem; background: Canvas;
  }
  .st-key-step_text input { scroll-margin-bottom: 8rem; }
}
</style>"""


def show(stop: Stop) -> None:
    """The step as far as this visitor has come with it."""
    step, choice, status = _step(stop), _choice(stop), _status(stop)
    seen = bool(choice and visited.place.get("seen"))
    load_plotly()
    st.html(STYLE)
    landmarks.title(escape(all_lessons()[stop.lesson].title))
    _progress(stop)
    show_problems(visited.problems)
    with st.container(key="step"):
        text, chart = _halves(step, bool(choice))
    with text, st.container(key="step_text"):
        st.header(step.title, anchor=False)
        if not choice:
            _ask(stop, step)
        elif not seen:
            _watched(stop, step, choice, status)
        else:
            _answered(stop, step, choice)
    with text, st.container(key="step_more"):
        if seen:
            _meaning(stop, step)
        if choice:
            _again(step)
        lesson_tools.show(stop, step, choice, status, lambda: watch(stop, choice))
    if choice:
        with chart:
            if status and recorded_run.ID.fullmatch(status.id):
                recorded_run.show(stop, status.id)
            elif status:
                live_chart.show(status, lambda: manager().status(status.id) or status)
            else:
                st.info(say("gone"))
    with st.bottom:
        _bar(stop, seen)


def reveal_if_there(stop: Stop) -> None:
    """Show the answer from now on, if the training has come to it."""
    step, choice, status = _step(stop), _choice(stop), _status(stop)
    if choice and not visited.place.get("seen") and status and _shown(step, status):
        _reveal(stop, choice, status.id)


def _choice(stop: Stop) -> int:
    """What was guessed, counted from 1; 0: nothing yet."""
    answer = visited.place.get("answer", "")
    return int(answer) if answer in map(str, range(1, len(_step(stop).choices) + 1)) else 0


def _status(stop: Stop) -> Status | None:
    return status_of(stop, visited.place.get("run", "")) if _choice(stop) else None


def _halves(step: Step, chosen: bool) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where the text stands, and beside it the chart, or before there is one the picture."""
    if not chosen and not step.picture:
        text = st.container(width=WIDTH)
        return text, text
    if chosen:
        text, chart = st.columns([2, 3], gap="medium")
        return text, chart
    picture, text = st.columns(2, gap="large")  # on a phone, which has one column, the picture comes first
    with picture:
        lesson_pictures.show(step)
    return text, picture


def _step(stop: Stop) -> Step:
    return all_lessons()[stop.lesson].steps[stop.step - 1]


def _progress(stop: Stop) -> None:
    lesson, followed = all_lessons()[stop.lesson], path()
    text = say("at_step", lesson=lesson.title, step=stop.step, steps=len(lesson.steps))
    if followed and stop in followed.stops:
        place, stops = followed.stops.index(stop) + 1, len(followed.stops)
        st.progress(place / stops, text=f"{say('at_path', path=followed.title, stop=place, stops=stops)} · {text}")
    else:
        st.progress(stop.step / len(lesson.steps), text=text)


def _ask(stop: Stop, step: Step) -> None:
    lesson_keys.listen()
    st.markdown(step.text)
    key = f"answer_{stop.lesson}_{stop.step}"
    numbers = list(range(1, len(step.choices) + 1))
    with st.container(key="question"):
        st.radio(f"**{step.question}**", numbers, index=None, key=key, format_func=lambda n: step.choices[n - 1])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            say("watch"),
            key="watch",
            type="primary",
            icon=":material/play_arrow:",
            shortcut=NEXT,
            disabled=held(key) is None,
            on_click=watch,
            args=(stop, held(key)),
        )
        slow = lesson_times.slowness()
        time, usual = (lesson_times.words(lesson_times.seconds_now(step, one)) for one in (slow, 1.0))
        st.caption(say("takes_slow" if slow > lesson_times.NOTICED else "takes", time=time, usual=usual))
    with st.container(key="keys"):
        st.caption(say("keys", choices=len(step.choices)))


def _watched(stop: Stop, step: Step, choice: int, status: Status | None) -> None:
    """While it trains: the question, what was guessed, and where to look."""
    st.markdown(f"**{step.question}**")
    st.markdown(say("your_guess", choice=step.choices[choice - 1]))
    st.markdown(say("look_at", hint=step.hint))
    if status and status.state not in ACTIVE:
        st.warning(say("failed"), icon=":material/error:")
    else:
        st.caption(say("answer_at", epoch=f"{step.reached:g}") if step.reached else say("answer_at_end"))
    run = status.id if status else ""
    args = (stop, choice, run)
    icon = ":material/lightbulb:"
    st.button(say("show_answer"), key="show_answer", type="primary", icon=icon, shortcut=NEXT, on_click=_reveal, args=args)
    waits = status is not None and status.state in ("queued", "loading", "running")
    st.fragment(_until_shown, run_every=LOOKS if waits else None)(stop, run)


def _until_shown(stop: Stop, run: str) -> None:
    """Draw the page anew when the training has come to the answer."""
    status = status_of(stop, run)
    if status and _shown(_step(stop), status) and not visited.place.get("seen"):
        st.rerun()


def _shown(step: Step, status: Status) -> bool:
    return status.epoch >= step.passes - 1e-6


def _reveal(stop: Stop, choice: int, run: str) -> None:
    theirs = not run or recorded_run.ID.fullmatch(run) or manager().rights.owns(run)
    if theirs:  # a link with somebody else's guess is no work of who opens it
        done_marks.mark(stop, choice, run)
    go(**at(stop), answer=str(choice), run=run, seen="1")


def _answered(stop: Stop, step: Step, choice: int) -> None:
    st.markdown(f"**{step.question}**")
    given = step.choices[choice - 1]
    if step.right(choice):
        st.success(say("you_said_right", choice=given), icon=":material/check:")
    else:
        right = step.choices[step.answer - 1]
        st.warning(say("you_said_wrong", choice=given, right=right), icon=":material/lightbulb:")
    st.markdown(say("look_at", hint=step.hint))


def _meaning(stop: Stop, step: Step) -> None:
    st.subheader(say("means"), anchor=False)
    st.markdown(step.reveal)
    lesson_tools.task(stop)


def _again(step: Step) -> None:
    with st.expander(say("text_again")):
        if step.picture:
            lesson_pictures.show(step)
        st.markdown(step.text)
        st.code(command(step.experiment), language=None, wrap_lines=True)


def watch(stop: Stop, choice: int) -> None:
    """Begin the step's experiment for this visitor, slowed down so that it can be watched; the one before is stopped.

    Where the server has no place for it now, the recorded run is played in its stead.
    """
    step, lesson = _step(stop), all_lessons()[stop.lesson]
    if manager().rights.owns(visited.run):
        manager().stop(visited.run)
    problems, run = [], ""
    try:
        run = manager().start(step.experiment, pace=lesson_times.pace(step), title=f"{lesson.title}: {step.title}")
    except SettingsError as error:
        problems = error.problems
    if recorded_run.of(stop) and (not run or waits(run)):
        if run:
            manager().delete(run)
        run = recorded_run.begin()
    visited.run = run
    go(**at(stop), answer=str(choice), run=run, seen=visited.place.get("seen", ""))
    visited.problems = problems


def waits(run: str) -> bool:
    """Whether it has no place yet."""
    status = manager().status(run)
    return status is not None and status.state == "queued"


def status_of(stop: Stop, run: str) -> Status | None:
    """The status of the run in the link, recorded or not, if it is one of this step."""
    if recorded := recorded_run.status(stop, run):
        return recorded
    status = manager().status(run) if run else None
    return status if status and status.experiment == _step(stop).experiment else None


def _bar(stop: Stop, seen: bool) -> None:
    before, after = neighbours(stop)
    followed = path()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if before:
            st.button(say("back"), key="back", icon=":material/arrow_back:", on_click=go, kwargs=at(before))
        # in a field these keys end the writing, and must not lead on as well
        keys = NEXT if seen and not lesson_tools.asked(stop) else None
        lead = {"type": "primary" if seen else "secondary", "shortcut": keys, "on_click": go}
        if after:
            label = say("next" if after.lesson == stop.lesson else "next_lesson")
            st.button(label, key="next", icon=":material/arrow_forward:", kwargs=at(after), **lead)
        elif followed and followed.sheet:
            sheet = {"path": followed.name, "sheet": "1"}
            st.button(say("to_sheet"), key="to_sheet", icon=":material/description:", kwargs=sheet, **lead)
        st.button(say("to_list"), key="to_list", icon=":material/list:", on_click=go)
