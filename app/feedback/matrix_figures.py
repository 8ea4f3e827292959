"""The pictures of the page Feedback: pure functions from what was measured to plotly figures."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dfa_lab.inspect.feedback_picture import BINS, REACH, Picture, Shown

NEUTRAL = {"light": "#F4F4F2", "dark": "#1B1D22"}  # zero is no colour; both ends are told apart by the colour-blind
INK = {"light": "#000000", "dark": "#FFFFFF"}
NEGATIVE, POSITIVE = "#1C86CC", "#D9690F"
W_COLOUR, GREY = "#8A8A8A", "#8A8A8A"
BESIDE = 0.01  # of the picture, between what is framed and its frame
MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}


def heat(shown: Shown, limit: float, theme: str, unit: int = 0, row: int = 0) -> go.Figure:
    """A matrix, an entry (or the mean of a block of them) a cell; `limit`: the value that has the full colour.

    `unit` and `row`, counted from 1: a frame around this column, or around this entry.
    """
    figure = go.Figure()
    figure.add_heatmap(
        z=shown.cells,
        zmin=-limit,
        zmax=limit,
        colorscale=[[0, NEGATIVE], [0.5, NEUTRAL.get(theme, NEUTRAL["light"])], [1, POSITIVE]],
        colorbar={"thickness": 12, "tickfont_size": 13, "nticks": 5, "tickformat": ".2~g"},
        x=_names("unit", shown.shape[1], len(shown.cells[0])),
        y=_names("row", shown.shape[0], len(shown.cells)),
        hovertemplate="%{y}, %{x}: %{z:.3g}<extra></extra>",
    )
    if unit:
        down, across = len(shown.cells) / shown.shape[0], len(shown.cells[0]) / shown.shape[1]
        rows = ((row - 1) * down, row * down) if row else (0, len(shown.cells))
        aside = len(shown.cells[0]) * BESIDE  # of a narrow column as much is seen as of what is beside it
        above = len(shown.cells) * BESIDE if row else 0
        ink = {"color": INK.get(theme, INK["light"]), "width": 2.5}
        figure.add_shape(
            x0=(unit - 1) * across - 0.5 - aside,
            x1=unit * across - 0.5 + aside,
            y0=rows[0] - 0.5 - above,
            y1=rows[1] - 0.5 + above,
            line=ink,
        )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, autorange="reversed")
    rows = len(shown.cells)
    return figure.update_layout(height=min(340, max(150, 20 + 15 * rows)), margin=MARGIN)


def _names(word: str, entries: int, cells: int) -> list[str]:
    """What each cell along a side is: an entry, or a block of them."""
    ends = [(cell * entries // cells + 1, -(-(cell + 1) * entries // cells)) for cell in range(cells)]
    return [f"{word} {first}" if first == last else f"{word}s {first} to {last}" for first, last in ends]


def histogram(picture: Picture, colour: str, own: bool = False) -> go.Figure:
    """How often each value occurs: steps for both matrices over the same bins. `own`: in units of each one's spread."""
    figure = go.Figure()
    edges = np.linspace(-REACH, REACH, BINS + 1).tolist() if own else picture.edges
    for shown, line, dash in ((picture.W, W_COLOUR, "dot"), (picture.B, colour, "solid")):
        if shown is not None:
            counts = shown.shape_counts if own else shown.counts
            figure.add_scatter(
                x=edges,
                y=[*counts, counts[-1]],
                name=shown.name,
                mode="lines",
                line={"shape": "hv", "color": line, "width": 2.5, "dash": dash},
                hovertemplate=f"{shown.name} from %{{x:.3g}}: %{{y:.1%}}<extra></extra>",
            )
    figure.update_xaxes(title="entry, in units of the spread" if own else "entry", nticks=5)
    figure.update_yaxes(title="share of entries", tickformat=".0%", rangemode="tozero", nticks=5)
    return _plain(figure, legend=True)


def scatter(picture: Picture, colour: str) -> go.Figure:
    """An entry a point: W across, B up."""
    w, b = picture.points
    figure = go.Figure()
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.add_scatter(
        x=w,
        y=b,
        mode="markers",
        marker={"color": colour, "size": 6, "opacity": 0.55},
        hovertemplate="%{x:.3g}, %{y:.3g}<extra></extra>",
    )
    figure.update_xaxes(title=f"entry of {picture.W.name if picture.W else 'W'}", nticks=5)
    figure.update_yaxes(title=f"entry of {picture.B.name}", nticks=5)
    return _plain(figure)


def recovery(steps: Sequence[int], values: Sequence[float | None], changes: Sequence[int], colour: str) -> go.Figure:
    """The signal angle at this block; an upright line for every change of the feedback."""
    figure = go.Figure()
    figure.add_hline(y=90, line={"dash": "dash", "color": GREY, "width": 2})
    for step in changes:
        figure.add_vline(x=step, line={"dash": "dot", "color": GREY, "width": 2})
    figure.add_scatter(
        x=list(steps),
        y=list(values),
        mode="lines+markers" if len(steps) < 60 else "lines",
        line={"color": colour, "width": 2.5},
        hovertemplate="step %{x}: %{y:.1f}°<extra></extra>",
    )
    highest = max([100.0, *(value + 8 for value in values if value is not None)])
    figure.update_xaxes(title="step", nticks=6, rangemode="tozero")
    figure.update_yaxes(title="signal angle", ticksuffix="°", dtick=30, range=[0, min(184.0, highest)])
    return _plain(figure)


def _plain(figure: go.Figure, legend: bool = False) -> go.Figure:
    figure.update_xaxes(fixedrange=True, tickfont_size=14, automargin=True)
    figure.update_yaxes(fixedrange=True, tickfont_size=14, automargin=True)
    return figure.update_layout(
        height=280,
        margin=MARGIN | ({"t": 36} if legend else {}),
        showlegend=legend,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font_size": 14},
    )
