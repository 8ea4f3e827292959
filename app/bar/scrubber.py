"""The scrubber: one slider that takes every picture of an experiment to any step of its training, and back to now."""

from math import ceil

import streamlit as st

from app.bar import fork_here
from app.shell.escape import plain
from app.visit import moment, watching
from app.visit.session import Remembered, held, hold
from dfa_lab.runs.live import ACTIVE, Status

EVERY = 0.6  # seconds between two looks at a replay, and between two frames of a film
GROWS = 2.0  # seconds between two looks at how far the training is
FAR = 4  # times the last step on the slider, until it gets a new end
FRAMES = 60  # of a film from the first step to the last
HELP = (
    "Any step of this training, not only now: its networks are trained again up to there, from the last state that was saved "
    "before it. On the CPU every weight is the same bit for bit."
)
# A phone's screen is narrow: the slider has a line of its own, as wide as the screen.
STYLE = """<style>
@media (max-width: 640px) {
  .st-key-scrubber [data-testid=stHorizontalBlock] > :has([data-testid=stSlider]) { flex: 1 0 100%; order: 1; }
}
</style>"""


class Film(Remembered, prefix="moment"):
    """The training as a film."""

    playing: bool = False
    drawn: tuple[str, int, bool] | None = None  # (experiment, step, whether its replay was over) when the bar was drawn


film = Film()


def show(pictures: bool = True, seen: bool = True) -> None:
    """The whole bar. Call it where `watching.arrive` has been called.

    Without `pictures` on the page nothing is replayed yet: the step is chosen, and a line in the charts shows where it is.
    `seen`: whether anybody sees the bar now, who may wait for a first step to go back to.
    """
    status = watching.now()
    if pictures:
        watching.current()  # says what they look at
    last = _last(status)
    if last < 1:
        st.fragment(_wait_for_one, run_every=EVERY if seen and status.state in ACTIVE else None)(status.id, pictures)
        return
    step, forks = moment.chosen(status) if pictures else moment.marker(status), False
    st.html(STYLE)
    with st.container(key="scrubber", gap="xsmall"):
        st.markdown(_words(status, step, last, pictures))
        if pictures and (origin := moment.origin(status)):
            st.caption(f":material/call_split: {plain(origin)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _controls(status, step, last, pictures)
            if pictures:
                with st.popover(
                    "Fork", icon=":material/call_split:", key=fork_here.key("popover"), help=fork_here.HELP, on_change="rerun"
                ) as fork:
                    if forks := bool(fork.open):
                        fork_here.show(status, last)
        if not pictures:
            with st.expander(
                "Fork here", icon=":material/call_split:", key=fork_here.key("expander"), on_change="rerun"
            ) as fork:
                if fork.open:
                    fork_here.show(status, last)
        else:
            if status.state == "failed":
                st.markdown(f":material/error: It failed: {plain(status.sentence)}")
            replay = moment.replay(status)
            waits = film.playing or (replay is not None and not replay.over)
            st.fragment(_follow, run_every=EVERY if waits else None)(status.id)
            grows = step is None and not forks and (status.demo or status.state == "running")
            st.fragment(_grow, run_every=GROWS if grows else None)(status.id, last)


def _wait_for_one(id: str, pictures: bool) -> None:
    """Where no step has been trained yet: say so, and draw the bar once there is one to go back to."""
    status = watching.now()
    if status.id != id or _last(status) >= 1:
        st.rerun()
    if not pictures:
        st.caption("No step has been trained yet: there is nothing to go back to.")


def _grow(id: str, last: int) -> None:
    """Draw the bar anew when the training is far beyond its end. Seldom: a page that is drawn anew closes open lists."""
    status = watching.now()
    if status.id != id or _last(status) > FAR * last + FAR:
        st.rerun()


def note(status: Status) -> None:
    """Say which moment the other pages show, on a page with curves and no pictures. `status` is of now."""
    step = moment.marker(status)
    if step is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/history: The line in the charts: {_words(status, step, _last(status))}")
            st.button("Now", key="moment_note_now", icon=":material/update:", on_click=moment.choose, args=(status, None))


def _last(status: Status) -> int:
    """The last step on the slider. That of a running one is the step at which the page was drawn."""
    return max(moment.manager().reached(status), moment.marker(status) or 0)


def _words(status: Status, step: int | None, last: int, pictures: bool = False) -> str:
    if step is None:
        how = {"running": "as it trains", "paused": "while it is paused"}.get(status.state, status.state)
        return f"**Now**, {how}. Drag to go back in time."
    where = f"**Step {step:,} of {max(status.steps, last):,}, epoch {moment.epoch(status, step):.1f}**"
    return where + (f": replayed{', the last one' if step == last and moment.gone(status) else ''}." if pictures else ".")


def _controls(status: Status, step: int | None, last: int, pictures: bool) -> None:
    at = last if step is None else step

    def button(label: str, key: str, icon: str, to: int | None, disabled: bool = False, about: str | None = None) -> None:
        args = (status, to, pictures)
        st.button(label, key=f"moment_{key}", icon=icon, help=about, disabled=disabled, on_click=_go, args=args)

    button("Step back", "back", ":material/chevron_left:", at - 1, at < 1)
    button("Step on", "on", ":material/chevron_right:", at + 1, step is None or at >= last)
    if pictures:
        playing = film.playing
        st.button(
            "Stop" if playing else "Play",
            key="moment_play",
            icon=":material/stop:" if playing else ":material/play_arrow:",
            help="The training as a film, from here on or from the beginning",
            on_click=_play,
            args=(status, step, last),
        )
    if not moment.gone(status) or not pictures:
        button("Now", "now", ":material/update:", None, step is None, "As it is now, and live while it trains")
    elif step is None:
        seconds = moment.manager().replays.seconds(status.id, last)
        button(f"Replay the last step (about {_time(seconds)})", "last", ":material/replay:", last)
    hold(_slider(status.id), at)
    args, key = (status, pictures), _slider(status.id)
    st.slider("Step", 0, last, key=key, help=HELP, label_visibility="collapsed", on_change=_slid, args=args, width="stretch")


def _slider(id: str) -> str:
    """The key of the slider of an experiment."""
    return f"moment_slider_{id}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _go(status: Status, step: int | None, pictures: bool) -> None:
    film.playing = False
    moment.choose(status, step, begin=pictures)


def _slid(status: Status, pictures: bool) -> None:
    _go(status, held(_slider(status.id)), pictures)


def _play(status: Status, step: int | None, last: int) -> None:
    film.playing = not film.playing
    if film.playing and (step is None or step >= last):
        moment.choose(status, 0)


def _follow(id: str) -> None:
    """How far the replay is; in a film, the next frame. The page is drawn anew when there is something else to see."""
    status = watching.now()
    replay = moment.replay(status) if status.id == id else None
    if replay is None:
        if status.id != id:
            st.rerun()  # another showing of the demonstration
        return
    drawn, film.drawn = film.drawn, (id, replay.step, replay.over)
    if not replay.over:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(1.0, max(0.0, replay.share)), replay.words())
            st.button("Cancel", key="moment_cancel", icon=":material/close:", on_click=moment.give_up, args=(status,))
        return
    if drawn == (id, replay.step, False):
        st.rerun()
    if replay.state == "failed":
        film.playing = False
        st.warning(plain(replay.sentence), icon=":material/error:")
        st.button("Try again", key="moment_again", icon=":material/replay:", on_click=_again, args=(status, replay.step))
        return
    st.caption(f":material/verified: {replay.note}" if replay.exact else f":material/warning: {replay.note}")
    if film.playing and drawn == film.drawn:
        _next_frame(status, replay.step)


def _next_frame(status: Status, step: int) -> None:
    last = _last(status)
    following = min(last, step + ceil(last / FRAMES))
    if following <= step:
        film.playing = False
    else:
        moment.choose(status, following)
    st.rerun()


def _again(status: Status, step: int) -> None:
    moment.manager().replays.again(status.id, step)
    moment.choose(status, step)
