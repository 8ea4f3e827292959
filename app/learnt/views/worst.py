"""Worst mistakes: the test images with the highest loss."""

import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_images, runs, says
from app.visit import looks
from dfa_lab.runs.live import Status

MOST_WRONG = 12


def mistakes(status: Status, chosen: Chosen) -> None:
    """The test images with the highest loss."""
    panels, names, samples = [], looks.class_names(status), 0
    for run, rule in runs(status, chosen):
        look = looks.share(status, ("wrong", run), lambda run=run: learnt_looks.most_wrong(status.id, run, MOST_WRONG))
        found, places, shown = look.value
        samples = len(found.t)
        items = []
        for place, pixels in zip(places, shown, strict=True):
            true, given = names[found.t[place]], names[found.given[place]]
            sure = f"{found.p[place, found.given[place]]:.0%}"
            picture = draw.image(draw.png(255 * pixels), f"A {true} that {rule} takes for {given} ({sure}).", sharp=True)
            items.append(f"{picture}{says(f'is {true}', given, sure, False)}")
        wrong = int((found.given != found.t).sum())
        note = look.note or ("" if wrong else "It makes no mistake on these samples.")
        panels.append(draw.panel(rule, f"{wrong:,} of {samples:,} wrong", draw.small_multiples(items, "88px"), note))
    st.html(draw.side_by_side(panels))
    st.caption(f"Of the first {samples:,} test images, the {MOST_WRONG} with the highest loss; and how sure the network is.")


VIEW = View(
    "Worst mistakes",
    "The test images on which each network is most wrong.",
    place=50,
    offered=of_images,
    draw=mistakes,
)
