"""The bar that is always in reach: Start, Pause, Step, Reset, the learning rate and the speed."""

import streamlit as st

from app.bar import changed_settings, export_zip, scrubber, share_links, train_on
from app.bar.beginning import start
from app.form import cost
from app.shell import keyboard, pages
from app.shell.server import manager
from app.visit import hidden_controls, projector, watching
from app.visit.form_state import as_text
from app.visit.session import Remembered, held, hold, session
from dfa_lab.runs.live import ACTIVE, Status
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.wording import shown

# One row, so that the charts have the rest of the screen: a laptop's has no room for the names of the keys; an old projector's
# and a phone's show all but Start as icons, whose names are read out, and stand beside them when pointed at.
STYLE = """<style>
[data-testid=stBottomBlockContainer]:has(.st-key-transport) {
  padding-top: 0.5rem; padding-bottom: 0.75rem; container-type: inline-size;
}
@container (max-width: 66rem) {
  .st-key-transport kbd, .st-key-reset p > span { display: none; }
  .st-key-transport button { padding-inline: 0.6rem; }
}
@container (max-width: 46rem) {
  .st-key-transport { gap: 0.3rem; }
  .st-key-transport button:not([kind=primary]) [data-testid=stMarkdownContainer] {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  }
  .st-key-transport button:not([kind=primary]) { min-width: 2.25rem; padding-inline: 0.35rem; justify-content: center; }
  .st-key-transport [data-testid=stPopoverButton] > div > :last-child:not(:first-child) { display: none; }
}
@media (max-width: 640px) {
  .st-key-transport { gap: 0.2rem !important; }
  .st-key-transport button[kind=primary] { padding-inline: 0.5rem; }
  .st-key-transport button[kind=primary] span:has(> [data-testid=stIconMaterial]) { display: none; }
  .st-key-transport button:not([kind=primary]) { min-width: 2.1rem; padding-inline: 0.2rem; }
}
@media (max-width: 359px) {
  [data-testid=stBottomBlockContainer]:has(.st-key-transport) { padding-inline: 0.5rem; }
  .st-key-transport { gap: 0.125rem !important; }
  .st-key-transport button[kind=primary] { padding-inline: 0.25rem; }
  .st-key-transport button:not([kind=primary]) { min-width: 1.75rem; padding-inline: 0; }
}
@media (pointer: coarse) { .st-key-transport kbd, .st-key-reset p > span { display: none; } }
</style>"""
SPEEDS = {"1 step/s": 1.0, "5/s": 5.0, "15/s": 15.0, "50/s": 50.0, "200/s": 200.0, "full speed": 0.0}


RATE, SPEED = "rate_now", "speed"  # keys of widgets


class Knobs(Remembered):
    """(experiment, value) from which each knob was last set: a knob keeps what the visitor gave it until they change."""

    rate_of: tuple[str, float] | None = None
    speed_of: tuple[str, float] | None = None


knobs = Knobs()


def bar(experiment: Experiment | None, status: Status) -> None:
    """The whole bar. `experiment`: what Start begins, None while the form has a problem; `status`: of what is on screen."""
    keyboard.reset_with_r()
    st.html(STYLE)
    changed_settings.mark(experiment, status)
    with st.container(gap="xxsmall"):
        _row(experiment, status)
        cost.beside_start(experiment)


def _row(experiment: Experiment | None, status: Status) -> None:
    """The row of buttons."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="transport"):
        st.button(
            "Start",
            icon=":material/play_arrow:",
            type="primary",
            shortcut="Mod+Enter",
            disabled=experiment is None,
            help=cost.about(experiment),
            on_click=changed_settings.start,
            args=(experiment,),
        )
        if hidden_controls.TRANSPORT in hidden_controls.hidden():  # without Start nobody could begin what the link says
            return
        active = status.demo or status.state in ACTIVE  # a demonstration that has ended begins again
        paused = status.state == "paused"
        if active:
            st.button(
                "Resume" if paused else "Pause",
                key="pause",
                icon=":material/resume:" if paused else ":material/pause:",
                shortcut="Space",
                on_click=_resume if paused else _pause,
            )
        else:
            with st.popover("Train on", icon=":material/resume:", key="train_on"):
                train_on.show([status], "train_on")
        st.button(
            "Step", icon=":material/skip_next:", shortcut="S", disabled=not active, help="One batch, then wait", on_click=_step
        )
        st.button(
            "Reset\u2002:gray[R]",
            key="reset",
            icon=":material/restart_alt:",
            help="Back to step 0, with the same settings",
            on_click=_reset,
        )
        if projector.on():  # what is on the wall is to be seen; the rest is there in small type
            projector.toggle()
            return
        with st.popover("Adjust", icon=":material/tune:", disabled=not active):
            _learning_rate(status)
            _speed(status)
        # opening runs the page: what can be gone back to, and what is shared, is what there is then
        with st.popover("Moment", icon=":material/history:", key="moment_popover", on_change="rerun") as popover:
            _moment(bool(popover.open))
        with st.popover("Share", icon=":material/link:", key="share", on_change="rerun") as popover:
            if popover.open:
                changed_settings.keep()
            share_links.lab(experiment, opened=bool(popover.open))
        with st.popover("Export", icon=":material/download:", key="export", on_change="rerun") as export:
            export_zip.show(status, opened=bool(export.open))
        projector.toggle()


def _moment(opened: bool) -> None:
    scrubber.show(pictures=False, seen=opened)
    st.caption("A line in the charts marks the step. What the networks were then:")
    for page in pages.PAGES:
        if page.pictures:
            pages.link(page)


def _learning_rate(status: Status) -> None:
    rate = status.learning_rate or status.experiment.learning_rate
    if knobs.rate_of != (status.id, rate):
        knobs.rate_of = (status.id, rate)
        hold(RATE, as_text(rate))
    st.text_input("Learning rate now", key=RATE, on_change=_set_rate, help="Takes effect from the next step on")


def _speed(status: Status) -> None:
    names = list(SPEEDS)
    now = min(names, key=lambda name: abs((SPEEDS[name] or 1e6) - (status.pace or 1e6)))
    if knobs.speed_of != (status.id, status.pace):
        knobs.speed_of = (status.id, status.pace)
        hold(SPEED, now)
    st.selectbox("Speed", names, key=SPEED, on_change=_set_speed)


def _pause() -> None:
    if id := watching.own():
        manager().pause(id)


def _resume() -> None:
    if id := watching.own():
        manager().resume(id)


def _step() -> None:
    if id := watching.own():
        manager().step(id)


def _reset() -> None:
    status = watching.now()
    if not status.demo and manager().rights.own(status.owner):
        manager().stop(status.id)
    start(status.experiment.model_copy(update={"save": ""}), paused=True, pace=status.pace)  # the name is taken


def _set_rate() -> None:
    text = held(RATE)
    try:
        rate = parse({"learning_rate": text}).learning_rate
    except SettingsError as error:
        session.problems = error.problems
        return
    session.problems = []
    if id := watching.own():
        manager().set_learning_rate(id, rate)


def _set_speed() -> None:
    pace = SPEEDS.get(held(SPEED))
    if pace is None:  # no choice of the list: whoever forges one is told, and the list shows the speed that there is
        session.problems = [f"There is no speed {shown(held(SPEED))}: choose one of {', '.join(SPEEDS)}."]
        knobs.speed_of = None
        return
    if id := watching.own():
        manager().set_pace(id, pace)
