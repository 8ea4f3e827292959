"""Fork here: a new experiment from the chosen step of another, with settings that may differ from there on."""

import streamlit as st

from app.form import settings_form
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import form_state, moment, watching
from app.visit.session import Remembered, fresh
from dfa_lab.runs.live import Status
from dfa_lab.runs.replay.origin import differences
from dfa_lab.runs.resuming import ContinueError
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.train.midway import ANEW, MIDWAY

FORM = "fork"
HELP = "A new experiment from this step on; this one goes on as it is"
ABOUT = "Begins with the networks as they were after **step {:,}, epoch {:.1f}**. Unchanged, it trains just as this one did."


class Fork(Remembered, prefix="fork"):
    """What a visitor has begun to fork."""

    of: tuple[str, Experiment] | None = None  # (experiment, its settings there) that are in the form
    problems: list[str] = fresh(list)
    count: int = 0  # forks so far


fork = Fork()


def key(what: str) -> str:
    """The key of the popover or expander that holds the form: another one, closed, after each fork."""
    return f"fork_{what}_{fork.count}"


def show(status: Status, last: int) -> None:
    """The form and its button. `status` is of now; `last`: the last step there is, which is meant where none is chosen."""
    step = moment.marker(status)
    step = last if step is None else step
    try:
        before = manager().settings_at(status.id, step)
    except (KeyError, ContinueError) as error:
        st.caption(plain(str(error)))
        return
    if fork.of != (status.id, before):
        fork.of = (status.id, before)
        form_state.put(before, FORM)
    st.markdown(ABOUT.format(step, moment.epoch(status, step)))
    basic = [name for name in MIDWAY if extra(Experiment.model_fields[name])["basic"]]
    with st.container(horizontal=True, gap="small"):
        for name in basic:
            with st.container(width=140):
                settings_form.widget(name, FORM)
    if st.toggle("More settings", key="fork_more", persist_state="session"):
        for name in MIDWAY:
            if name not in basic:
                settings_form.widget(name, FORM)
    given, problems = _read(before)
    changed = differences(before, given) if given else {}
    fresh = [what for name, what in ANEW.items() if name in changed]
    if fresh:
        st.caption(f"{' and '.join(fresh).capitalize()} will begin anew there: what it has gathered is of no use to another.")
    settings_form.show_problems(problems or fork.problems)
    st.button(
        f"Fork at step {step:,}" + (f", {len(changed)} changed" if changed else ""),
        key="fork_begin",
        icon=":material/call_split:",
        type="primary",
        disabled=given is None,
        on_click=_begin,
        args=(status, step, before),
    )


def _read(before: Experiment) -> tuple[Experiment | None, list[str]]:
    """What the form says, or None and why it cannot be."""
    return settings_form.given(before, [name for name in MIDWAY if settings_form.in_force(name, FORM)], FORM)


def _begin(status: Status, step: int, before: Experiment) -> None:
    given, _ = _read(before)
    if given is None:
        return
    changes = {name: getattr(given, name) for name in differences(before, given)}
    try:
        id = manager().fork_at(status.id, step, changes, pace=status.pace)
    except SettingsError as error:
        fork.problems = error.problems
    except ContinueError as error:
        fork.problems = [str(error)]
    except KeyError:
        fork.problems = ["This experiment is no longer there: it was deleted, or the demonstration began again."]
    else:
        fork.problems = []
        fork.count += 1
        watching.watch(id)
