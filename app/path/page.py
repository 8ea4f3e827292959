"""The page "The path of the error": live, or one batch in slow motion, of the experiment on screen.

Slow motion shows the next step of one's own experiment while that waits: entering it pauses, a demonstration is copied first.
A link begins with it only where there is nothing to pause, so that coming here never stops a training by itself.
"""

import time
from collections.abc import Callable

import streamlit as st

from app.bar import scrubber, share_links
from app.form import settings_form
from app.path import component, message, path_looks
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import hidden_controls, looks, moment, projector, view_link, waiting, watching, whose
from app.visit.session import Remembered, fresh, held, hold, session
from dfa_lab import data
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ACTIVE, ENDED, Status
from dfa_lab.settings.parsing import describe

EVERY = 1.0  # seconds
PHASE = 2.5  # seconds that each phase stays when they go on by themselves
PATIENCE = 1.5  # seconds that a button waits for what it has asked for
OVER = "There is no next step to be shown: this experiment has ended. Press Reset in the Lab to train it again."
LIVE, SLOW = "Live", "Slow motion"
ALL = "all rules"
INTRO = (
    "All rules compute the same output and the same error **e**. They differ in **how that error reaches the hidden blocks**. "
    "The drawing shows what arrives now: its size, and how far it points from the true gradient."
)
TOLD = {
    "forward": "**1. Forward.** The batch goes up through the weights. All rules do the same here.",
    "error": "**2. Error.** The output is compared with the targets. This error is all that the hidden blocks can learn from.",
    "feedback": "**3. Feedback.** The error travels to the blocks, and this is where the rules differ: δ̂ arrives, δ is the "
    "true gradient.",
    "update": "**4. Update.** Each block changes its own weights by what has arrived. Next phase does it and goes on with the "
    "next batch.",
}


MODE, PLAY = "path_mode", "path_play"  # keys of widgets


class Motion(Remembered, prefix="path"):
    """How far slow motion has come, and what the page was drawn for."""

    arrived: bool = False  # the link has been read
    first: str = LIVE  # the view that is shown until another is chosen
    phase: int = 0  # place in PHASES
    advanced: float = 0.0  # when the phase began, of time.monotonic
    around: tuple[object, ...] = ()
    told: dict[str, tuple[object, object]] = fresh(dict)  # for the address


motion = Motion()


def show() -> None:
    """The whole page."""
    share_links.title(pages.PATH, "The path of the error")
    watching.arrive()
    component.load()
    settings_form.show_problems(session.problems)
    status = watching.current()
    _arrive(status)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{whose.subject(status)}: **{plain(describe(status.experiment))}**.")
        pages.link(pages.LAB, "Settings and curves in the Lab")
    whose.note(status)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seed, rules = _choose(status)
        slow = _mode() == SLOW and not status.demo
        _buttons(status, slow)
    motion.around = _around(status)
    waits = status.demo or (status.state in ACTIVE and status.state != "paused") or (_waits(status) and _plays(slow))
    st.fragment(_tick, run_every=EVERY if waits else None)(seed, rules, slow)
    scrubber.show()  # below the drawing, as in a film: what moves is on the first screen
    if not slow:
        with st.container(width=960):
            st.markdown(INTRO)


def _arrive(status: Status) -> None:
    """Once a session: slow motion, at the phase that the link names, of what waits already."""
    if motion.arrived:
        return
    waits = _waits(status) and view_link.told("mode", (LIVE, SLOW), LIVE) == SLOW
    phases = message.PHASES
    motion.first = SLOW if waits else LIVE
    motion.phase = phases.index(view_link.told("phase", phases, phases[0])) if waits else 0
    motion.advanced, motion.arrived = time.monotonic(), True


def _mode() -> str:
    """The view that is chosen."""
    return held(MODE, motion.first)


def _choose(status: Status) -> tuple[int, tuple[str, ...]]:
    """Seed and rules that are drawn. What was chosen stays while it can be."""
    experiment = status.experiment
    offered = (ALL, *experiment.rules)
    st.segmented_control("View", [LIVE, SLOW], default=motion.first, required=True, key=MODE, on_change=_entered)
    rule: str | None = ALL
    if len(experiment.rules) > 1:
        key = f"path_rules_{experiment.rules}"
        first = view_link.told("rules", offered, ALL)
        rule = st.segmented_control("Rules", offered, default=first, required=True, key=key, persist_state="session")
    seed = experiment.seeds[0]
    if len(experiment.seeds) > 1:
        key = f"path_seed_{experiment.seeds}"
        first = experiment.seeds.index(view_link.told("seed", experiment.seeds, seed))
        seed = st.selectbox("Seed", experiment.seeds, index=first, key=key, persist_state="session", width=120)
    motion.told = {"rules": (rule, ALL), "seed": (seed, next(iter(experiment.seeds)))}
    _tell()
    return int(seed), experiment.rules if rule in (ALL, None) else (str(rule),)


def _tell() -> None:
    """What is chosen, and the phase of slow motion, into the address. The open layer is there already (layer.js)."""
    mode = _mode()
    phase = message.PHASES[motion.phase] if mode == SLOW else ""
    view_link.tell(motion.told | {"mode": (mode, LIVE), "phase": (phase, message.PHASES[0] if phase else "")})


def _buttons(status: Status, slow: bool) -> None:
    active, waits, past = status.state in ACTIVE, _waits(status), moment.past(status)
    if not slow or status.state == "running":
        if hidden_controls.TRANSPORT in hidden_controls.hidden() or past:
            pass  # a link's wish; and what is over is not paused
        elif waits:
            st.button("Resume", key="path_resume", icon=":material/resume:", shortcut="Space", on_click=_resume)
        else:
            off = not (active or status.demo)
            st.button("Pause", key="path_pause", icon=":material/pause:", shortcut="Space", disabled=off, on_click=_pause)
    if slow:
        st.button(
            "Next phase",
            key="path_next",
            icon=":material/skip_next:",
            type="primary",
            shortcut="Space" if waits else None,
            disabled=not waits,
            on_click=_next,
            help="Forward, error, feedback, update; then the step is done and the next batch comes",
        )
        one = "Do this batch's step, and show the same phase of the next one"
        st.button("Batch", key="path_batch", icon=":material/fast_forward:", disabled=not waits, on_click=_step, help=one)
        all_of_it = "Train to the end of this epoch, then wait"
        off = not waits or past
        st.button("Epoch", key="path_epoch", icon=":material/last_page:", disabled=off, on_click=_epoch, help=all_of_it)
        if active or past:  # else there is nothing to go through; the film of the training has a Play of its own
            st.toggle("Go on by itself", key=PLAY, help="Through the phases, one after the other")
    projector.toggle()


def _waits(status: Status) -> bool:
    """Whether there is a next step to be shown that nobody takes meanwhile."""
    return status.state == "paused" or (moment.past(status) and status.step < status.steps)


def _plays(slow: bool) -> bool:
    return slow and bool(held(PLAY))


def _tick(seed: int, rules: tuple[str, ...], slow: bool) -> None:
    status = watching.current()
    if _around(status) != motion.around:
        st.rerun()
    if _plays(slow) and _waits(status):
        _play()
        _tell()
        status = watching.current()
    phase = message.PHASES[motion.phase]
    frozen = slow and _waits(status)
    if slow and not frozen and (status.state in ENDED or moment.past(status)):
        st.info(OVER, icon=":material/info:")
    elif slow and status.state == "running":
        st.info("It is being trained now: slow motion goes on where it pauses.", icon=":material/hourglass_empty:")
    try:
        look = path_looks.paths(status, seed, rules)
        shape = data.facts_of(status.experiment).shape
        view = message.view(status, look.value, shape, look.step, large=projector.on(), note=look.note)
        if frozen:
            told = path_looks.phases(status, seed, rules)
            view = message.slowed(view, told, phase, status.experiment, looks.class_names(status))
    except Gone as gone:
        waiting.show(status, gone)
        return
    if frozen:
        st.markdown(TOLD[phase])
    component.draw(view, "path")
    word = {"running": "training now"}.get(status.state, status.state)
    what = (
        f"Sizes and angles are those of the next batch of {view['samples']} samples, with its dropout if there is any."
        if frozen
        else f"Sizes are RMS, of one sample's error, and angles means, over {view['samples']} training samples; no dropout."
    )
    st.caption(f"Step {view['step']:,} of {status.steps:,}: {word}. {what}")


def _around(status: Status) -> tuple[object, ...]:
    """What the page around the fragment depends on; a demonstration that begins again changes nothing of it."""
    experiment = status.experiment.model_copy(update={"seeds": ()}) if status.demo else status.id
    return experiment, "demo" if status.demo else status.state, len(status.layers)


def _play() -> None:
    """The next phase, when the present one has been there long enough."""
    if time.monotonic() - motion.advanced >= PHASE:
        _next()


def _entered() -> None:
    """Another view was chosen: slow motion pauses what is one's own."""
    session.problems = []
    if held(MODE) != SLOW:
        return
    motion.phase, motion.advanced = 0, time.monotonic()
    status = watching.current()
    if moment.past(status) and not status.demo:
        return
    id = watching.own()
    if id is None:
        hold(MODE, LIVE)
        return
    manager().pause(id)
    _wait(id, lambda status: status.state not in ("queued", "loading", "running"))


def _next() -> None:
    motion.advanced = time.monotonic()
    if motion.phase + 1 < len(message.PHASES):
        motion.phase += 1
    else:
        motion.phase = 0
        _step()


def _step() -> None:
    status = watching.current()
    if moment.past(status) and _waits(status):
        moment.choose(watching.now(), status.step + 1)
    elif not status.demo and status.state == "paused" and (id := watching.own()):
        manager().step(id)
        _wait(id, lambda now: now.step > status.step or now.state not in ("loading", "paused"))


def _epoch() -> None:
    status = watching.now()
    if not status.demo and status.state == "paused" and (id := watching.own()):
        motion.phase = 0
        manager().epoch(id)
        _wait(id, lambda now: now.state != "running")


def _pause() -> None:
    if id := watching.own():
        manager().pause(id)
        _wait(id, lambda status: status.state not in ("queued", "loading"))


def _resume() -> None:
    if id := watching.own():
        manager().resume(id)


def _wait(id: str, done: Callable[[Status], bool]) -> None:
    """Wait for what the page is to be drawn with, but not for long."""
    over = time.monotonic() + PATIENCE
    while (status := manager().status(id)) and not done(status) and time.monotonic() < over:
        time.sleep(0.02)
