"""The report's curves as one picture, for slides and papers: matplotlib, without its global state."""

from io import BytesIO
from math import ceil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from app.report.panels import CHANCE, Panel, colour, panels, rules
from app.report.words import heading

DPI = 160
FEW = 25  # points, each of which gets a marker
COLUMNS = 3
GREY = "#6b6b6b"
EMPTY = "No epoch has ended yet: there is nothing to draw."


def png(summary: dict[str, Any]) -> bytes:
    """A picture of all panels, light, about 1900 pixels wide."""
    drawn = panels(summary)
    columns = min(COLUMNS, max(2, len(drawn)))
    rows = max(1, ceil(len(drawn) / columns))
    figure = Figure(figsize=(12, 1.1 + 3.0 * rows), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(heading(summary), x=0.012, ha="left", fontsize=13, fontweight="bold", parse_math=False)
    if not drawn:
        figure.text(0.5, 0.5, EMPTY, ha="center", va="center", color=GREY)
    for number, panel in enumerate(drawn, start=1):
        _draw(figure.add_subplot(rows, columns, number), panel)
    if drawn:
        figure.legend(
            handles=_legend(summary, drawn), loc="outside lower left", ncols=8, frameon=False, fontsize=10, handlelength=2.4
        )
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw(axes: Axes, panel: Panel) -> None:
    for curve in panel.curves:
        y = [float("nan") if value is None else value for value in curve.y]
        marker = "o" if len(y) <= FEW and curve.bold and not curve.training else None
        width = 1.5 if curve.training else 2.4 if curve.bold else 0.9
        axes.plot(
            curve.x,
            y,
            color=colour(curve.rule),
            linewidth=width,
            linestyle=":" if curve.training else "-",
            alpha=1.0 if curve.bold else 0.7,
            marker=marker,
            markersize=4,
        )
    axes.set_title(panel.title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("epoch", color=GREY)
    axes.set_ylabel({"%": "% wrong", "°": "degrees"}.get(panel.unit, ""), color=GREY)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    if panel.angles:
        axes.axhline(CHANCE, color=GREY, linestyle="--", linewidth=1.1)
        axes.set_ylim(-2, panel.top)
        axes.set_yticks(range(0, int(panel.top) + 1, 30))
    else:
        axes.set_ylim(bottom=0)


def _legend(summary: dict[str, Any], drawn: list[Panel]) -> list[Line2D]:
    """The rules, and what dots, dashes and thin lines are."""
    lines = [Line2D([], [], color=colour(rule), linewidth=3, label=rule) for rule in rules(summary)]
    curves = [curve for panel in drawn for curve in panel.curves]
    if any(curve.training for curve in curves):
        lines.append(Line2D([], [], color=GREY, linewidth=1.5, linestyle=":", label="on training batches"))
    if any(not curve.bold for curve in curves):
        lines.append(Line2D([], [], color=GREY, linewidth=0.9, label="one seed (bold: the mean)"))
    if any(panel.angles for panel in drawn):
        lines.append(Line2D([], [], color=GREY, linewidth=1.1, linestyle="--", label="90°, where chance leaves an angle"))
    return lines
