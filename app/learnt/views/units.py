"""Hidden units: a small plane for every unit of a hidden layer."""

import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_points, runs, theme_name
from app.visit import looks
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import Status


def units(status: Status, chosen: Chosen) -> None:
    """A small plane for every unit of a hidden layer."""
    theme, items = theme_name(), []
    run = next((number for number, rule in runs(status, chosen) if rule == chosen.rule), None)
    if run is None:
        raise Gone(f"{chosen.rule} diverged: choose another rule.")
    look = looks.share(status, ("units", run, chosen.block), lambda: learnt_looks.units(status.id, run, chosen.block))
    _, maps, count = look.value
    side = learnt_looks.MAP_SIDE
    for number, one in enumerate(maps, start=1):
        alt = f"Activity of unit {number} of hidden layer {chosen.block} over the plane, {chosen.rule}."
        items.append(draw.image(draw.png(draw.signed_pixels(one.reshape(side, side), theme)), alt))
    how_many = f"{len(maps)} of {count} units" if len(maps) < count else f"all {count} units"
    st.html(draw.panel(chosen.rule, f"hidden layer {chosen.block}: {how_many}", draw.small_multiples(items, "92px"), look.note))
    st.caption("Where in the plane each unit is active: orange above zero, blue below, each by its own largest activity.")


VIEW = View(
    "Hidden units",
    "Where in the plane each unit of a hidden layer is active.",
    place=20,
    offered=of_points,
    draw=units,
    asks=("rule", "layer"),
)
