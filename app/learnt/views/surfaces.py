"""Decision surfaces: the plane as each network divides it."""

import numpy as np
import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_points, runs, theme_name
from app.visit import looks
from dfa_lab.inspect.surface import decided
from dfa_lab.runs.live import Status
from dfa_lab.settings import point_text

MOST_POINTS = 200  # drawn on a surface: more would hide it


def surfaces(status: Status, chosen: Chosen) -> None:
    """The plane as each rule's network divides it."""
    theme, panels = theme_name(), []
    points = looks.share(status, ("points",), lambda: learnt_looks.points(status.id), lasting=True).value
    names = looks.class_names(status)
    most = MOST_POINTS if status.experiment.dataset != "points" else point_text.MOST_POINTS  # of a drawing, all
    shown, t = _points(points, chosen.points)
    for run, rule in runs(status, chosen):
        look = looks.share(status, ("surface", run), lambda run=run: learnt_looks.decision(status.id, run))
        plane, p, right = look.value
        pixels = draw.surface_pixels(*decided(p), theme)
        alt = (
            f"Decision surface of {rule}: {len(names)} classes in the plane, {right:.1%} of the test points on their own side."
        )
        address = draw.surface(pixels, plane.places(shown[:most]), t[:most])
        panels.append(draw.panel(rule, f"{right:.1%} right", draw.image(address, alt), look.note))
    st.html(draw.side_by_side(panels))
    st.html(draw.legend(names))
    kind = "" if chosen.points == "all" else f" {chosen.points}"
    count = f" {min(most, len(t))} of the {len(t)}{kind} points are drawn." if len(t) else ""
    st.caption(
        "Each place has the colour of the class that the network gives it, fainter the less sure it is. Right: share of the "
        f"test points.{count}"
    )


def _points(points: dict[str, tuple[np.ndarray, np.ndarray]], which: str) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) and classes (N,) of the training points, the test points, all or none."""
    if which == "all":
        (x, t), (x_test, t_test) = points["training"], points["test"]
        if np.array_equal(x, x_test):  # of a small drawing
            return x, t
        return np.concatenate([x, x_test]), np.concatenate([t, t_test])
    return points.get(which, (np.zeros((0, 2)), np.zeros(0, int)))


VIEW = View(
    "Decision surfaces",
    "What each network answers everywhere in the plane.",
    place=10,
    offered=of_points,
    draw=surfaces,
    asks=("points",),
)
