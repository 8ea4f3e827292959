"""Train on: experiments that have ended go on for more epochs, in the Lab and in the table."""

from collections.abc import Sequence
from math import ceil

import streamlit as st

from app.form.settings_form import show_problems
from app.shell.escape import plain
from app.shell.server import manager
from app.visit.session import Remembered, fresh, held
from dfa_lab.runs.live import Status
from dfa_lab.runs.resuming import ContinueError
from dfa_lab.runs.rights import NOT_YOURS, NotAllowed
from dfa_lab.settings.training_settings import MOST_EPOCHS

ABOUT = (
    "It goes on from its last step, on the CPU bit for bit as if it had been started with so many epochs. Only how densely "
    "its curves are recorded may change there."
)
FALLS = (
    "With more epochs a learning rate that falls to 0 over all of them goes on from where the longer fall is at that step: the "
    "steps before it were made at the rates of the shorter one."
)


class Asked(Remembered, prefix="train_on"):
    """What came of pressing the button."""

    problems: dict[str, list[str]] = fresh(dict)  # by the popover's key


asked = Asked()


def show(statuses: Sequence[Status], key: str) -> None:
    """What a popover holds: how many epochs, and the button. `statuses`: of experiments that have ended."""
    if not all(manager().rights.own(status.owner) for status in statuses):
        st.markdown(NOT_YOURS)
        return
    one = statuses[0] if len(statuses) == 1 else None
    most = max(ceil(round(status.epoch, 6)) for status in statuses)
    planned = max(status.experiment.epochs for status in statuses)
    if one:
        st.markdown(f"**{one.epoch:.4g} of {one.experiment.epochs:,} epochs** are done.")
    else:
        st.markdown(f"**{len(statuses)} experiments** of up to {planned:,} epochs; what has done as many stays as it is.")
    st.caption(ABOUT)
    if any(status.experiment.schedule != "constant" for status in statuses):
        st.caption(FALLS)
    widget = f"{key}_epochs_{'_'.join(status.id for status in statuses)[:60]}"
    suggested = planned if planned > most else 2 * most
    epochs = st.number_input("Epochs in all", 1, MOST_EPOCHS, min(max(suggested, 1), MOST_EPOCHS), key=widget)
    ids = [status.id for status in statuses]
    st.button(
        f"Train on to {epochs:,} epochs",
        key=f"{key}_go",
        icon=":material/resume:",
        type="primary",
        on_click=_go,
        args=(ids, widget, key),
    )
    show_problems(asked.problems.get(key, []))


def _go(ids: Sequence[str], widget: str, key: str) -> None:
    problems = []
    for id in ids:
        try:
            manager().train_on(id, held(widget))
        except (ContinueError, NotAllowed) as error:
            problems.append(str(error) if len(ids) == 1 else f"{id}: {error}")
        except KeyError:
            problems.append(f"{plain(id)} is no longer there.")
    asked.problems = asked.problems | {key: problems}
