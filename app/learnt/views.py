"""The views of the page "What it has learnt": each looks at what it shows, at most once a second, and draws it."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from dfa_lab import data
from dfa_lab.inspect.mistakes import confusion
from dfa_lab.inspect.surface import decided
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import Status
from dfa_lab.settings import point_text

MOST_POINTS = 200  # drawn on a surface: more would hide it
MOST_WRONG = 12
TABLE = 12  # classes up to which the confusion matrix is a table
TEXT = "font-size:0.875rem;line-height:1.3"


@dataclass(frozen=True)
class Chosen:
    """What the person chose."""

    seed: int
    points: str = "test"
    rule: str = ""
    block: int = 1
    eps: float = 0.0
    tsne: bool = False


def surfaces(status: Status, chosen: Chosen) -> None:
    """The plane as each rule's network divides it."""
    theme, panels = _theme(), []
    points = learnt_looks.share(status, ("points",), lambda: learnt_looks.points(status.id), lasting=True).value
    names = _names(status)
    most = MOST_POINTS if status.experiment.dataset != "points" else point_text.MOST_POINTS  # of a drawing, all
    shown, t = _points(points, chosen.points)
    for run, rule in _runs(status, chosen):
        look = learnt_looks.share(status, ("surface", run), lambda run=run: learnt_looks.decision(status.id, run))
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


def units(status: Status, chosen: Chosen) -> None:
    """A small plane for every unit of a hidden layer."""
    theme, items = _theme(), []
    run = next((number for number, rule in _runs(status, chosen) if rule == chosen.rule), None)
    if run is None:
        raise Gone(f"{chosen.rule} diverged: choose another rule.")
    look = learnt_looks.share(status, ("units", run, chosen.block), lambda: learnt_looks.units(status.id, run, chosen.block))
    _, maps, count = look.value
    side = learnt_looks.MAP_SIDE
    for number, one in enumerate(maps, start=1):
        alt = f"Activity of unit {number} of hidden layer {chosen.block} over the plane, {chosen.rule}."
        items.append(draw.image(draw.png(draw.signed_pixels(one.reshape(side, side), theme)), alt))
    how_many = f"{len(maps)} of {count} units" if len(maps) < count else f"all {count} units"
    st.html(draw.panel(chosen.rule, f"hidden layer {chosen.block}: {how_many}", draw.small_multiples(items, "92px"), look.note))
    st.caption("Where in the plane each unit is active: orange above zero, blue below, each by its own largest activity.")


def filters(status: Status, chosen: Chosen) -> None:
    """The weights of each rule's first layer."""
    theme, panels = _theme(), []
    for run, rule in _runs(status, chosen):
        look = learnt_looks.share(status, ("filters", run), lambda run=run: learnt_looks.first_layer(status.id, run))
        found, count = look.value
        colours = found.shape[1] == 3 and status.experiment.format == "rgb"
        items = []
        for number, one in enumerate(found, start=1):
            pixels = 127.5 * (1 + one.transpose(1, 2, 0)) if colours else draw.signed_pixels(one[0], theme)
            alt = f"Weights of unit {number} of the first layer, {rule}."
            items.append(draw.image(draw.png(pixels), alt, css=f"width:100%;aspect-ratio:{_ratio(pixels)}", sharp=True))
        if not items:
            look.note = "The first layer of this network does not take the pixels as they are: it has no pictures."
        panels.append(draw.panel(rule, f"{len(found)} of {count} units", draw.small_multiples(items, "56px"), look.note))
    st.html(draw.side_by_side(panels))
    if status.experiment.format == "yuv":
        about = "The weights for brightness: orange positive, blue negative"
    elif _grey(status):
        about = "Orange: weights above zero, which a bright pixel excites; blue: below zero"
    else:
        about = "Grey is zero; a colour is what the unit is excited by"
    st.caption(f"{about}. Each unit is scaled by its own largest weight.")


def confusions(status: Status, chosen: Chosen) -> None:
    """Which classes each rule's network takes for which."""
    panels, names, samples = [], _names(status), 0
    for run, rule in _runs(status, chosen):
        look = learnt_looks.share(status, ("asked", run), lambda run=run: learnt_looks.asked(status.id, run))
        found, samples = look.value, len(look.value.t)
        counts = confusion(found.t, found.given, len(names))
        if len(names) <= TABLE:
            body = draw.table(counts, names, rule)
        else:
            shares = (counts / np.maximum(counts.sum(1, keepdims=True), 1)) ** 0.5
            pixels = draw.signed_pixels(np.where(np.eye(len(names)), -shares, shares), _theme())
            body = draw.image(draw.png(pixels), f"Confusion matrix of {rule}, {len(names)} classes.", sharp=True)
        panels.append(draw.panel(rule, f"{found.error:.1%} wrong", body, look.note))
    st.html(draw.side_by_side(panels, "20rem"))
    st.caption(
        f"{samples:,} test samples. Rows: the true class; columns: the class given. Blue: right; orange: confused; the "
        "stronger, the larger the share of the row."
    )


def mistakes(status: Status, chosen: Chosen) -> None:
    """The test images with the highest loss."""
    panels, names, samples = [], _names(status), 0
    for run, rule in _runs(status, chosen):
        look = learnt_looks.share(status, ("wrong", run), lambda run=run: learnt_looks.most_wrong(status.id, run, MOST_WRONG))
        found, places, shown = look.value
        samples = len(found.t)
        items = []
        for place, pixels in zip(places, shown, strict=True):
            true, given = names[found.t[place]], names[found.given[place]]
            sure = f"{found.p[place, found.given[place]]:.0%}"
            picture = draw.image(draw.png(255 * pixels), f"A {true} that {rule} takes for {given} ({sure}).", sharp=True)
            items.append(f"{picture}{_says(f'is {true}', given, sure, False)}")
        wrong = int((found.given != found.t).sum())
        note = look.note or ("" if wrong else "It makes no mistake on these samples.")
        panels.append(draw.panel(rule, f"{wrong:,} of {samples:,} wrong", draw.small_multiples(items, "88px"), note))
    st.html(draw.side_by_side(panels))
    st.caption(f"Of the first {samples:,} test images, the {MOST_WRONG} with the highest loss; and how sure the network is.")


def moved(status: Status, chosen: Chosen) -> None:
    """A few images as they are and moved by ε, and what each network says to both."""
    panels, names = [], _names(status)
    for run, rule in _runs(status, chosen):
        what = ("moved", run, chosen.eps)
        look = learnt_looks.share(status, what, lambda run=run: learnt_looks.attacked(status.id, run, chosen.eps))
        before, after, shown, changed = look.value
        items, fooled = [], 0
        for n, true in enumerate(before.t):
            pair = []
            for p, pixels, kind in ((before.p[n], shown[n], "As it is"), (after[n], changed[n], "Moved")):
                given = int(p.argmax())
                alt = f"{kind}: a {names[true]} that {rule} takes for {names[given]} ({p[given]:.0%})."
                says = _says("", names[given], f"{p[given]:.0%}", given == true)
                pair.append(
                    f'<div style="flex:1;min-width:0">{draw.image(draw.png(255 * pixels), alt, sharp=True)}{says}</div>'
                )
            fooled += int(before.given[n] == true != after[n].argmax())
            items.append(f'<div style="display:flex;gap:4px">{"".join(pair)}</div>')
        panels.append(draw.panel(rule, f"{fooled} of {len(items)} fooled", draw.small_multiples(items, "150px"), look.note))
    st.html(draw.side_by_side(panels))
    st.caption(
        "Left the test image, right the same with every pixel moved by ±ε in the direction in which this network's loss rises "
        "fastest (true gradient, whatever the rule). Pictures are cut to the range of the images, the network's input is not."
    )


def clouds(status: Status, chosen: Chosen) -> None:
    """The test samples in the plane of a layer's principal components."""
    panels, names, samples = [], _names(status), 0
    for run, rule in _runs(status, chosen):
        look = learnt_looks.share(status, ("clouds", run), lambda run=run: learnt_looks.clouds(status.id, run))
        t, blocks = look.value
        samples, one = len(t), blocks[min(chosen.block, len(blocks)) - 1]
        first, second = one.shares
        alt = f"{samples} test samples as hidden layer {chosen.block} of {rule} represents them, coloured by class."
        about = look.note or f"across: {first:.0%} of the variance, upwards: {second:.0%}"
        body = draw.image(draw.cloud(one.points, t, _theme()), alt)
        panels.append(draw.panel(rule, f"hidden layer {chosen.block}", body, about))
    st.html(draw.side_by_side(panels))
    st.html(draw.legend(names))
    st.caption(
        f"PCA: the activities of {samples:,} test samples along the two directions in which they differ most; each rule has "
        "its own."
    )


def _grey(status: Status) -> bool:
    """Whether the images have one channel."""
    return data.facts_of(status.experiment).shape[0] == 1


def _runs(status: Status, chosen: Chosen) -> Iterator[tuple[int, str]]:
    """(number, rule) of every rule with the seed that was chosen, without those that diverged: nothing is to be seen there."""
    seeds = status.experiment.seeds
    seed = chosen.seed if chosen.seed in seeds else seeds[0]  # a demonstration that begins again has another
    runs = enumerate(status.experiment.runs())
    return ((number, rule) for number, (rule, its) in runs if its == seed and number not in status.failed)


def _names(status: Status) -> tuple[str, ...]:
    return learnt_looks.share(status, ("names",), lambda: learnt_looks.class_names(status.id), lasting=True).value


def _theme() -> str:
    return "dark" if st.context.theme.type == "dark" else "light"


def _ratio(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]}/{pixels.shape[0]}"


def _says(what: str, given: str, sure: str, right: bool) -> str:
    mark = "✓ " if right else "✗ " if not what else ""
    above = f"<div>{escape(what)}</div>" if what else ""
    return (
        f'<div style="{TEXT};overflow-wrap:anywhere">{above}<div>{mark}says <b>{escape(given)}</b> {escape(sure)}</div></div>'
    )
