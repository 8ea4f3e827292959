"""t-SNE of what goes in and of each hidden layer, a row a rule: made when it is asked for, and kept until it is again."""

import threading
import weakref
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import TEXT, Chosen, drawn, runs, theme_name
from app.shell.server import manager
from app.visit import looks, moment, view_link, watching
from app.visit.session import Remembered
from dfa_lab import data
from dfa_lab.inspect import tsne
from dfa_lab.inspect.mapping import Mapping, memory_of
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import Status
from dfa_lab.runs.promises import NoMemory

EVERY = 0.5  # seconds, while maps are made
SAMPLES = (200, 500, 1000, 2000)
USUAL = 500
MOST_LAYERS = 5  # of a deep network, spread over it
AT_ONCE = 2  # of the whole server: each takes a processor
ABOUT = (
    "t-SNE keeps neighbours together: samples that a layer can tell apart come to lie in groups. Distances between groups "
    "and their sizes say nothing."
)


@dataclass
class Maps:
    """What was asked for: the input, and for each rule its layers, in the order in which they are mapped."""

    of: Hashable  # the experiment
    step: int
    names: tuple[str, ...]  # of the classes
    titles: list[str]  # of the columns
    rules: list[str]
    t: np.ndarray  # (N,)
    mapping: Mapping
    before: "Maps | None"  # comes back if these are cancelled
    pictures: dict[str, str] = field(default_factory=dict)  # drawn once a theme


class Asked(Remembered, prefix="tsne"):
    """What this visitor has had made last."""

    maps: Maps | None = None


asked = Asked()


@st.cache_resource(show_spinner=False)
def _under_way() -> tuple[weakref.WeakSet[Mapping], threading.Lock]:
    return weakref.WeakSet(), threading.Lock()


def show(of: Hashable, chosen: Chosen) -> None:
    """The view. `of`: what is on screen; maps of something else are not shown."""
    kept = asked.maps
    running = kept is not None and kept.mapping.running
    st.fragment(_panel, run_every=EVERY if running else None)(of, chosen, running)


def _panel(of: Hashable, chosen: Chosen, ticking: bool) -> None:
    kept = asked.maps
    running = kept is not None and kept.mapping.running
    if ticking and not running:
        st.rerun()  # there is nothing to wait for any more
    if kept is not None and running:
        _progress(kept)
    else:
        _ask(of, chosen, again=kept is not None and kept.of == of)
    if kept is not None and kept.of == of:
        if kept.mapping.problem:
            st.error(f"There are no more maps: {kept.mapping.problem}. Press Again, perhaps with fewer samples.")
        if kept.mapping.maps:
            _figure(kept)
    st.caption(ABOUT)


def _progress(kept: Maps) -> None:
    done, count, left = len(kept.mapping.maps), kept.mapping.count, kept.mapping.left()
    about = f", about {max(1, round(left))} s left" if left is not None else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / count, text=f"{done} of {count} maps done{about}. The training goes on.", width=420)
        st.button("Cancel", icon=":material/close:", key="tsne_cancel", on_click=_cancel)


def _cancel() -> None:
    kept = asked.maps
    assert kept is not None
    kept.mapping.cancel()
    if kept.before or not kept.mapping.maps:
        asked.maps = kept.before


def _ask(of: Hashable, chosen: Chosen, again: bool) -> None:
    """How many samples, and the button."""
    there = data.facts_of(watching.current().experiment).test
    if there < tsne.FEWEST:
        st.info(f"t-SNE needs at least {tsne.FEWEST} test samples, and this set has {there}.", icon=":material/info:")
        return
    options = [n for n in SAMPLES if n < there] + ([there] if there <= SAMPLES[-1] else [])
    usual = min(options, key=lambda n: abs(n - USUAL))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.segmented_control(
            "Test samples",
            options,
            default=view_link.told("samples", options, usual),
            required=True,
            key=f"tsne_samples_{there}",
            persist_state="session",
        )
        view_link.tell(drawn.told | {"samples": (wanted, usual)})
        label = "Again, of what is shown now" if again else "Make the maps"
        if not st.button(label, type="secondary" if again else "primary", icon=":material/scatter_plot:", key="tsne_make"):
            return
    try:
        with st.spinner("Looking at the networks …"):
            begun = _begin(of, watching.current(), chosen, int(wanted or options[0]))
    except Gone as gone:
        st.info(moment.why(watching.current(), gone), icon=":material/hourglass_empty:")
        return
    except NoMemory as why:
        st.warning(f"The maps cannot be made now, since {why}: try again when something has ended.", icon=":material/memory:")
        return
    except OSError as error:
        st.error(f"This server can start no process for the maps ({error.strerror}): try again later.", icon=":material/error:")
        return
    if begun:
        st.rerun()
    st.warning(
        f"{AT_ONCE} visitors are having maps made at the moment, and more would slow every training down: try again in a "
        "minute.",
        icon=":material/hourglass_top:",
    )


def _begin(of: Hashable, status: Status, chosen: Chosen, wanted: int) -> bool:
    """Take what is to be mapped, and begin; False if too many are under way. Raises Gone, NoMemory and OSError."""
    if _full():
        return False
    blocks = len(status.layers)
    shown = sorted({round(n) for n in np.linspace(1, blocks, min(blocks, MOST_LAYERS))})
    mapped = list(runs(status, chosen))
    samples = learnt_looks.samples_at_hand(status.id, [run for run, _ in mapped], shown, wanted)
    layers: list[np.ndarray] = []
    t = np.zeros(0, int)
    for run, _ in mapped:
        t, x, hs = learnt_looks.layers(status.id, run, shown, samples)
        layers += [*([] if layers else [x]), *hs]
    titles = ["input", *(f"hidden layer {n}" for n in shown)]
    names = looks.class_names(status)
    mappings, lock = _under_way()
    with lock:
        if _full():
            return False
        promise = manager().promises.promise(memory_of(layers, t))
        try:
            mapping = Mapping(layers, t, promise.release)
        except OSError:
            promise.release()
            raise
        mappings.add(mapping)
    before = asked.maps
    if before:
        before.before = None
    asked.maps = Maps(of, status.step, names, titles, [rule for _, rule in mapped], t, mapping, before)
    return True


def _full() -> bool:
    return sum(one.running for one in list(_under_way()[0])) >= AT_ONCE


def _figure(kept: Maps) -> None:
    """A row a rule: the input, then the layers; those that are not there yet are left free."""
    theme, maps = theme_name(), list(kept.mapping.maps)
    done = len(maps)
    address = f"{theme} {done}"
    if address not in kept.pictures:
        kept.pictures = {address: _rows(kept, maps, theme)}
    st.html(kept.pictures[address])
    st.html(draw.legend(kept.names))
    rest = "" if done == kept.mapping.count else f" Cancelled after {done} of {kept.mapping.count} maps."
    st.caption(
        f"Taken at step {kept.step:,}: {len(kept.t):,} test samples, the same in every map. Beside its own: share of the "
        f"samples whose nearest neighbour on the map is of their class.{'' if kept.mapping.running else rest}"
    )


def _rows(kept: Maps, maps: list[np.ndarray], theme: str) -> str:
    columns, panels = len(kept.titles), []
    for row, rule in enumerate(kept.rules):
        items = []
        for column, title in enumerate(kept.titles):
            number = 0 if column == 0 else 1 + row * (columns - 1) + column - 1
            if number >= len(maps):
                items.append(f'<div style="aspect-ratio:1;border:1px dashed #888;border-radius:4px"></div>{_under(title, "…")}')
                continue
            points = maps[number] - maps[number].mean(0)
            share = f"{tsne.beside_their_own(points, kept.t):.0%} beside its own"
            alt = f"t-SNE map of {len(kept.t)} test samples, {title} of {rule}, coloured by class: {share}."
            items.append(draw.image(draw.cloud(points, kept.t, theme), alt) + _under(title, share))
        panels.append(draw.panel(rule, "", draw.small_multiples(items, f"max(140px,{90 // columns}%)")))
    return f'<div style="display:grid;gap:1.25rem;max-width:{20 * columns}rem">{"".join(panels)}</div>'


def _under(title: str, share: str) -> str:
    return f'<div style="{TEXT}"><b>{title}</b> {share}</div>'
