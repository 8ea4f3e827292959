"""Adversarial images: a few images as they are and moved by ε, and what each network says to both."""

import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_images, runs, says
from app.visit import looks
from dfa_lab.runs.live import Status


def moved(status: Status, chosen: Chosen) -> None:
    """A few images as they are and moved by ε, and what each network says to both."""
    panels, names = [], looks.class_names(status)
    for run, rule in runs(status, chosen):
        what = ("moved", run, chosen.eps)
        look = looks.share(status, what, lambda run=run: learnt_looks.attacked(status.id, run, chosen.eps))
        before, after, shown, changed = look.value
        items, fooled = [], 0
        for n, true in enumerate(before.t):
            pair = []
            for p, pixels, kind in ((before.p[n], shown[n], "As it is"), (after[n], changed[n], "Moved")):
                given = int(p.argmax())
                alt = f"{kind}: a {names[true]} that {rule} takes for {names[given]} ({p[given]:.0%})."
                below = says("", names[given], f"{p[given]:.0%}", given == true)
                pair.append(
                    f'<div style="flex:1;min-width:0">{draw.image(draw.png(255 * pixels), alt, sharp=True)}{below}</div>'
                )
            fooled += int(before.given[n] == true != after[n].argmax())
            items.append(f'<div style="display:flex;gap:4px">{"".join(pair)}</div>')
        panels.append(draw.panel(rule, f"{fooled} of {len(items)} fooled", draw.small_multiples(items, "150px"), look.note))
    st.html(draw.side_by_side(panels))
    st.caption(
        "Left the test image, right the same with every pixel moved by ±ε in the direction in which this network's loss rises "
        "fastest (true gradient, whatever the rule). Pictures are cut to the range of the images, the network's input is not."
    )


VIEW = View(
    "Adversarial images",
    "How little has to change for another answer.",
    place=60,
    offered=of_images,
    draw=moved,
    asks=("eps",),
)
