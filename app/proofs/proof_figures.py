"""The pictures of the proofs: pure functions from what was found to plotly figures."""

from collections.abc import Callable, Mapping

import plotly.graph_objects as go

from dfa_lab.feedback import rule_class
from dfa_lab.proofs import Aligned, Control, Kind, Products

Cells = Mapping[tuple[int, int], float | None]
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "x")
PATTERNS = {Kind.WEIGHTS: "/", Kind.FEEDBACK: ".", Kind.GRADIENTS: ""}
FAINT = "rgba(128,128,128,0.14)"
GREY = "#8A8A8A"
ROW = 46  # pixels


def changes(rows: Mapping[str, Cells], letter: str) -> go.Figure:
    """A row a rule, a cell for (changed layer, looked-at layer): filled where the gradient changes, by so many percent."""
    return _cells(rows, letter, {rule: {c: _share(v) for c, v in cells.items()} for rule, cells in rows.items()}, _filled)


def signs(rows: Mapping[str, Cells]) -> go.Figure:
    """A cell as in `changes`: filled and −1 where flipping B reverses the gradient, +1 where it leaves it as it is."""
    words = {rule: {c: _sign(v) for c, v in cells.items()} for rule, cells in rows.items()}
    return _cells(rows, "B", words, lambda value: 0.0 if value in (None, 1.0) else 1.0)


def _cells(
    rows: Mapping[str, Cells], letter: str, words: Mapping[str, Mapping], filled: Callable[[float | None], float]
) -> go.Figure:
    columns = list(dict.fromkeys(cell for cells in rows.values() for cell in cells))
    labels = [f"{letter}<sub>{k}</sub>→G<sub>{l}</sub>" for k, l in columns]
    figure = go.Figure()
    for rule, cells in rows.items():
        texts = [words[rule].get(column, "–") for column in columns]
        own = [filled(cells.get(column)) for column in columns]
        figure.add_heatmap(
            x=labels,
            y=list(rows),
            z=[own if other == rule else [None] * len(columns) for other in rows],
            zmin=0,
            zmax=1,
            colorscale=[[0, FAINT], [1, _faded(rule_class(rule).colour, 0.5)]],
            showscale=False,
            hoverinfo="skip",
            xgap=3,
            ygap=3,
        )
        # the words are a trace of their own: in a heatmap they would not take the theme's colour
        figure.add_scatter(
            x=labels,
            y=[rule] * len(labels),
            text=texts,
            mode="text",
            textfont_size=15 if len(labels) <= 6 else 12,
            hoverinfo="skip",
        )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(side="top", showgrid=False, tickfont_size=14, fixedrange=True, title=None)
    return _rows(figure, len(rows), head=56)


def _filled(value: float | None) -> float:
    return 0.0 if not value else min(1.0, 0.35 + value)


def _share(value: float | None) -> str:
    """A share in percent; the sign is left out, since ten columns have to fit on a phone."""
    if value is None:
        return "–"
    if value == float("inf"):
        return "∞"
    return "0" if not value else f"{100 * value:.0f}" if value >= 0.005 else f"{100 * value:.0e}"


def percent(value: float | None) -> str:
    """A share with its sign, for a table."""
    if value is None:
        return "–"
    return "0" if not value else f"{value:.0%}" if value >= 0.005 else f"{value:.0e}"


def _sign(value: float | None) -> str:
    if value is None:
        return "–"
    return {1.0: "+1", -1.0: "−1"}.get(value, "other")


def products(found: Mapping[str, Products]) -> go.Figure:
    """A bar a rule: multiplications of its backward pass for one sample, by kind of product."""
    figure = go.Figure()
    for kind, pattern in PATTERNS.items():
        counts = {rule: one.counts[kind] for rule, one in found.items()}
        figure.add_bar(
            orientation="h",
            y=list(counts),
            x=[count.multiplications for count in counts.values()],
            marker={
                "color": [_faded(rule_class(rule).colour, 1.0 if pattern else 0.4) for rule in counts],
                "pattern": {"shape": pattern, "fillmode": "replace", "size": 7, "solidity": 0.5},
                "line": {"width": 1.5, "color": [rule_class(rule).colour for rule in counts]},
            },
            customdata=[count.number for count in counts.values()],
            hovertemplate="%{y}: %{customdata} products, %{x:,.0f} multiplications<extra>" + kind.value + "</extra>",
            showlegend=False,
        )
        mark = {"color": GREY, "pattern": {"shape": pattern, "fillmode": "replace", "size": 7, "solidity": 0.5}}
        figure.add_bar(orientation="h", x=[None], y=[None], name=kind.value, marker=mark, opacity=1 if pattern else 0.5)
    figure.update_layout(
        barmode="stack", bargap=0.35, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font_size": 14}
    )
    figure.update_xaxes(title="multiplications for one sample", rangemode="tozero", nticks=5, tickfont_size=14, fixedrange=True)
    return _rows(figure, len(found), head=50, foot=60)


def errors(found: Mapping[str, Control], control: str) -> go.Figure:
    """A point a rule: its test error with the 95 % interval; a line at the control's."""
    figure = go.Figure()
    for symbol, (rule, one) in zip(SYMBOLS * 9, found.items(), strict=False):
        figure.add_scatter(
            x=[one.error],
            y=[rule],
            error_x={"type": "data", "array": [one.half_width], "thickness": 2, "width": 7},
            mode="markers+text",
            cliponaxis=False,
            text=[f"{one.error:.1%}"],
            textposition="top center",
            textfont_size=14,
            marker={"color": rule_class(rule).colour, "size": 13, "symbol": symbol},
            hovertemplate=f"{rule}: %{{x:.2%}} ± {one.half_width:.2%}<extra></extra>",
        )
    if control in found:
        figure.add_vline(x=found[control].error, line={"dash": "dash", "color": GREY, "width": 2})
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title="test error", tickformat=".0%", rangemode="tozero", nticks=6, tickfont_size=14, fixedrange=True)
    figure = _rows(figure, len(found), head=10, foot=60)
    return figure.update_yaxes(autorange=None, range=[len(found) - 0.5, -0.8])


def angles(found: Mapping[str, Aligned]) -> go.Figure:
    """A line a rule: its mean signal angle in every block, with the band of chance around 90°, the widest of the rules'."""
    figure = go.Figure()
    blocks = dict.fromkeys(block for one in found.values() for block in one.bands)
    count = max(len(one.angles) for one in found.values())
    bands = {block: max(one.bands.get(block, 0.0) for one in found.values()) for block in blocks}
    for block, band in bands.items():
        figure.add_shape(
            type="rect", x0=block - 0.4, x1=block + 0.4, y0=90 - band, y1=90 + band, fillcolor=GREY, opacity=0.25, line_width=0
        )
    figure.add_hline(y=90, line={"dash": "dash", "color": GREY, "width": 2})
    for symbol, (rule, one) in zip(SYMBOLS * 9, found.items(), strict=False):
        if not any(angle is not None for angle in one.angles.values()):
            continue
        figure.add_scatter(
            x=list(one.angles),
            y=list(one.angles.values()),
            name=rule,
            mode="lines+markers",
            line={"color": rule_class(rule).colour, "width": 2.5},
            marker={"size": 12, "symbol": symbol},
            hovertemplate=f"{rule}, block %{{x}}: %{{y:.1f}}°<extra></extra>",
        )
    figure.update_xaxes(title="block", dtick=max(1, count // 12), range=[0.4, count + 0.6], tickfont_size=14, fixedrange=True)
    highest = max([90, *(a for one in found.values() for a in one.angles.values() if a), *(90 + b for b in bands.values())])
    figure.update_yaxes(
        title="signal angle", ticksuffix="°", dtick=30, range=[-4, min(184, highest + 12)], tickfont_size=14, fixedrange=True
    )
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font_size": 14},
    )
    return figure


def _rows(figure: go.Figure, rows: int, head: int, foot: int = 10) -> go.Figure:
    """One row a rule, the first on top."""
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont_size=16, fixedrange=True, title=None, automargin=True)
    figure.update_layout(height=head + foot + ROW * rows, margin={"l": 10, "r": 10, "t": head, "b": foot})
    return figure


def _faded(colour: str, opacity: float) -> str:
    """#RRGGBB as rgba(…)."""
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
