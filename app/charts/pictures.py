"""Pictures of what networks have learnt: pure functions from arrays to HTML with images that carry their own text."""

import base64
import io
from html import escape
from urllib.parse import quote

import numpy as np
from PIL import Image

from dfa_lab.feedback import rule_class

# Okabe and Ito's colours but yellow, which is lost on white, and four more; the marks say the same as the colours.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#882255",
    "#999933",
    "#7B5FCF",
    "#808080",
)
GROUNDS = {"light": (255, 255, 255), "dark": (24, 28, 38)}  # what is unsure, or zero, fades into
PLUS, MINUS = (230, 97, 1), (0, 114, 178)
BLUE = "#1C86CC"  # of what is right in a confusion matrix
SIZE = 400  # units of a picture's own coordinates
STRONGEST = 0.8  # of a class's colour on a surface: its points stay visible there
GRID = "display:grid;gap:1.25rem 1.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,{width}),1fr));width:100%"
SMALL = "font-size:0.875rem;opacity:0.8"
R = 5.0  # of a mark


def _corners(*pairs: tuple[float, float]) -> str:
    """A closed path through offsets from the mark's middle, in radii."""
    steps = np.diff(np.array([(0.0, 0.0), *pairs]), axis=0) * R
    return "m" + "l".join(f"{x:.1f},{y:.1f}" for x, y in steps) + "z"


def _star(points: int, inner: float, outer: float, turn: float = 0.0) -> str:
    angles = np.pi * (np.arange(2 * points) / points + turn) - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2, inner, outer)
    return _corners(*zip(radii * np.cos(angles), radii * np.sin(angles), strict=True))


MARKS = (
    f"m{-R},0a{R},{R} 0 1,0 {2 * R},0a{R},{R} 0 1,0 {-2 * R},0z",  # circle
    _corners((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),  # square
    _corners((0, -1.2), (1.15, 0.9), (-1.15, 0.9)),  # triangle
    _corners((0, -1.35), (1.05, 0), (0, 1.35), (-1.05, 0)),  # diamond
    _corners((0, 1.2), (-1.15, -0.9), (1.15, -0.9)),  # triangle on its tip
    _star(4, 0.5, 1.4),  # star of four
    _star(5, 0.6, 1.4),  # star of five
    _star(4, 0.5, 1.4, 0.25),  # cross
    _corners((-1.1, -1), (1.1, 1), (1.1, -1), (-1.1, 1)),  # bow tie
    _corners((-0.5, -1.3), (0.5, -1.3), (0.5, 1.3), (-0.5, 1.3)),  # bar
)


def style(number: int) -> tuple[str, str]:
    """(colour, mark) of a class: all pairs of the first hundred differ."""
    return COLOURS[number % len(COLOURS)], MARKS[(number + number // len(COLOURS)) % len(MARKS)]


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])


def png(pixels: np.ndarray) -> str:
    """A data address of pixels (H, W, 3), 0 to 255."""
    return address(Image.fromarray(np.clip(np.round(pixels), 0, 255).astype(np.uint8)))


def address(image: Image.Image) -> str:
    """A data address of an image, as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def surface_pixels(given: np.ndarray, sure: np.ndarray, theme: str) -> np.ndarray:
    """(side, side, 3): each place in its class's colour, fading into the ground where the network is unsure."""
    side = int(len(given) ** 0.5)
    ground, colours = np.array(GROUNDS[theme]), np.stack([_rgb(style(k)[0]) for k in range(int(given.max()) + 1)])
    weight = STRONGEST * sure[:, None]
    return (ground * (1 - weight) + colours[given] * weight).reshape(side, side, 3)


def signed_pixels(values: np.ndarray, theme: str) -> np.ndarray:
    """(H, W, 3) of values (H, W) from -1 (blue) over 0 (the ground) to 1 (orange)."""
    weight, ground = np.abs(values)[..., None], np.array(GROUNDS[theme])
    return ground * (1 - weight) + np.where(values[..., None] > 0, PLUS, MINUS) * weight


def _drawing(parts: list[str]) -> str:
    body = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">{"".join(parts)}</svg>'
    return "data:image/svg+xml," + quote(body, safe=" =:/,'()+;-<>")


def _marks(places: np.ndarray, t: np.ndarray, edge: str, width: float) -> list[str]:
    """A path a class: its mark at places (N, 2) from 0 to 1, with an edge behind it."""
    parts = []
    for number in np.unique(t):
        colour, mark = style(int(number))
        path = "".join(f"M{x:.0f},{y:.0f}{mark}" for x, y in places[t == number] * SIZE)
        parts.append(f'<path d="{path}" fill="{colour}" stroke="{edge}" stroke-width="{width}" paint-order="stroke"/>')
    return parts


def surface(pixels: np.ndarray, places: np.ndarray, t: np.ndarray) -> str:
    """A drawing: a surface with points (N, 2), as parts of its sides, of classes t (N,) on top."""
    ground = f'<image href="{png(pixels)}" width="{SIZE}" height="{SIZE}" preserveAspectRatio="none"/>'
    return _drawing([ground, *_marks(places, t, "#fff", 3)])


def cloud(points: np.ndarray, t: np.ndarray, theme: str) -> str:
    """A drawing of points (N, 2) of classes t (N,), in a square that holds them all; the first axis goes to the right."""
    half = float(np.abs(points).max()) * 1.06 or 1.0
    places = np.stack([(points[:, 0] / half + 1) / 2, (1 - points[:, 1] / half) / 2], axis=1)
    ground = f"rgb{GROUNDS[theme]}"
    axes = f'<path d="M{SIZE / 2},0V{SIZE}M0,{SIZE / 2}H{SIZE}" stroke="#888" stroke-width="1" opacity="0.5"/>'
    return _drawing([f'<rect width="{SIZE}" height="{SIZE}" fill="{ground}"/>', axes, *_marks(places, t, ground, 1)])


def image(address: str, alt: str, *, css: str = "width:100%;aspect-ratio:1", sharp: bool = False) -> str:
    """An image element. `alt`: what it shows; `sharp`: pixels stay squares."""
    shown = ";image-rendering:pixelated" if sharp else ""
    return f'<img src="{address}" alt="{escape(alt)}" decoding="sync" style="display:block;border-radius:4px;{css}{shown}">'


def panel(rule: str, beside: str, body: str, about: str = "") -> str:
    """A rule's panel: its name and colour on top, and what is to be said below."""
    colour = rule_class(rule).colour
    below = f'<figcaption style="{SMALL};margin-top:0.35rem">{escape(about)}</figcaption>' if about else ""
    return (
        f'<figure style="margin:0;min-width:0;border-top:5px solid {colour};padding-top:0.4rem">'
        '<div style="display:flex;justify-content:space-between;align-items:baseline;gap:0.75rem;margin-bottom:0.35rem">'
        f'<b style="font-size:1.25rem">{escape(rule)}</b><span>{escape(beside)}</span></div>{body}{below}</figure>'
    )


def side_by_side(panels: list[str], width: str = "15.5rem") -> str:
    """Panels in rows, as many in each as fit; `width`: the least of a panel."""
    return f'<div style="{GRID.format(width=width)};max-width:{38 * len(panels)}rem">{"".join(panels)}</div>'


def small_multiples(items: list[str], width: str) -> str:
    """Many small pictures, each as wide as `width` says."""
    css = f"display:grid;gap:0.5rem;grid-template-columns:repeat(auto-fill,minmax({width},1fr))"
    return f'<div style="{css}">{"".join(f"<div>{one}</div>" for one in items)}</div>'


def legend(names: tuple[str, ...]) -> str:
    """The mark of every class."""
    items = []
    for number, name in enumerate(names):
        colour, mark = style(number)
        body = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-9 -9 18 18"><path d="M0,0{mark}" fill="{colour}"/></svg>'
        address = "data:image/svg+xml," + quote(body)
        items.append(
            '<span style="display:inline-flex;align-items:center;gap:0.3rem">'
            f"{image(address, '', css='width:18px;height:18px')}{escape(name)}</span>"
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.2rem 1rem">{"".join(items)}</div>'


def table(counts: np.ndarray, names: tuple[str, ...], rule: str) -> str:
    """The confusion matrix (C, C) as a table: the darker, the larger the share of the row; mistakes in orange."""
    colour = ",".join(map(str, _rgb(BLUE)))
    cell = "padding:0.15rem 0.1rem;text-align:center;min-width:1.6rem"
    head = "".join(f'<th scope="col" style="{cell}">{escape(name[:5])}</th>' for name in names)
    rows = []
    for true, row in enumerate(counts):
        shares = row / max(row.sum(), 1)
        cells = "".join(
            f'<td style="{cell};background:rgba({colour if true == given else "230,97,1"},{0.7 * share**0.5:.2f})"'
            f' title="{escape(names[true])} taken for {escape(names[given])}">{count or ""}</td>'
            for given, (count, share) in enumerate(zip(row, shares, strict=True))
        )
        rows.append(f'<tr><th scope="row" style="{cell}">{escape(names[true][:5])}</th>{cells}</tr>')
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:separate;border-spacing:1px;width:100%;font-size:0.8rem"'
        f' aria-label="Confusion matrix of {escape(rule)}"><tr><td></td>{head}</tr>{"".join(rows)}</table></div>'
    )
