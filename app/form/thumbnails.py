"""Data sets to choose by a picture: each is drawn from the set itself, and those that are not on this machine have none."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from app.charts import pictures
from app.visit.form_state import key, values
from app.visit.session import held, hold
from dfa_lab import data
from dfa_lab.data.glimpse import glimpse
from dfa_lab.settings.experiment import DATASETS
from dfa_lab.settings.parsing import keep_good

KEY = "data_pictures"  # of the widget
SIDE = 80  # pixels of a drawing of points: twice as many as it is drawn with
LEAST = 52  # pixels of a picture of images, whose own are drawn larger: the largest square of the grid
FINER = 3  # times, while it is drawn
# A grid of squares, large enough for a finger; what is chosen has a frame, and the ring of the keyboard's focus stays.
STYLE = f"""<style>
.st-key-{KEY} [role=radiogroup] {{
  display: grid; grid-template-columns: repeat(auto-fill, minmax(2.6rem, 1fr)); gap: 0.25rem; width: 100%;
}}
.st-key-{KEY} button {{ padding: 0.2rem; aspect-ratio: 1; min-height: 0; height: auto; border-radius: 0.4rem; }}
.st-key-{KEY} button[aria-checked=true] {{ border-color: currentColor; box-shadow: inset 0 0 0 1px currentColor; }}
.st-key-{KEY} button :is(div, span, p) {{ display: block; width: 100%; height: 100%; margin: 0; }}
.st-key-{KEY} button img {{
  display: block; width: 100%; height: 100%; max-width: none; max-height: none; margin: 0; border-radius: 0.25rem;
  image-rendering: pixelated;
}}
</style>"""


def show(change: Callable[[], None], label: str, about: str | None) -> bool:
    """Draw the pictures with the label of the setting; False, and nothing, where there are none to choose from.

    `change`: called when one is chosen, once the form has the set; `about`: what is behind the "?".
    """
    now = str(held(key("dataset")))
    there = {name: address for name in DATASETS if (address := _picture(name))}
    if len(there) < 2:
        return False
    st.html(STYLE)
    hold(KEY, now if now in there else None)
    st.pills(
        label,
        list(there),
        format_func=lambda name: f"![{data.facts(name).title}]({there[name]})",
        key=KEY,
        help=about,
        width="stretch",
        on_change=_take,
        args=(change,),
    )
    return True


def _take(change: Callable[[], None]) -> None:
    """The picture that was chosen is the form's data set; a second press on it takes nothing away."""
    if (name := held(KEY)) in DATASETS and name != held(key("dataset")):
        hold(key("dataset"), name)
        change()


def _picture(name: str) -> str:
    """The address of a set's picture as the form's settings make it, empty where there is none."""
    made = data.setting_of(name)
    wanted = keep_good(values([made]) if held(key(made)) is not None else {})[0]
    folder = data.root(str(held(key("datapath"), "") or ""))
    found = glimpse(name, folder.absolute(), getattr(wanted, made))
    return _drawn(name, folder.absolute(), getattr(wanted, made)) if found is not None and len(found[0]) else ""


@lru_cache(64)
def _drawn(name: str, folder: Path, made_from: int | str | bool) -> str:
    x, t = glimpse(name, folder, made_from) or (np.empty(0), np.empty(0))
    return pictures.address(_points(x, t) if len(t) else _images(x))


def _images(x: np.ndarray) -> Image.Image:
    """Four images (4, C, H, W), two beside and two below each other."""
    rows = x.astype(float) * 255 / max(x.max(), 1) if x.max() < 128 else x  # digits have 17 shades
    grey = np.broadcast_to(rows, (len(rows), 3, *rows.shape[2:])) if rows.shape[1] == 1 else rows
    top, below = np.concatenate(grey[:2], axis=2), np.concatenate(grey[2:4], axis=2)
    image = Image.fromarray(np.concatenate([top, below], axis=1).transpose(1, 2, 0).astype(np.uint8))
    larger = -(-LEAST // image.width)
    return image.resize((image.width * larger, image.height * larger), Image.Resampling.NEAREST)


def _points(x: np.ndarray, t: np.ndarray) -> Image.Image:
    """Points (N, 2) in the colours of their classes, on no ground of its own."""
    side = SIDE * FINER
    least, most = x.min(axis=0), x.max(axis=0)
    span = float((most - least).max()) or 1.0
    places = ((x - (least + most) / 2) / span * 0.92 + 0.5) * side
    image = Image.new("RGBA", (side, side))
    draw, radius = ImageDraw.Draw(image), side / 32
    for (across, up), number in zip(places, t, strict=True):
        box = (across - radius, side - up - radius, across + radius, side - up + radius)
        draw.ellipse(box, fill=pictures.style(int(number))[0])
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).quantize(64, method=Image.Quantize.FASTOCTREE)
