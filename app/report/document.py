"""The report as one HTML file that fetches nothing: plotly.js, the figures and the style are inside."""

import json
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from app.report import words
from app.report.panels import CHANCE, MOST_LAYERS, Curve, Panel, colour, definitions, layers, panels, rules
from dfa_lab.feedback import rule_class

FEW = 25  # points, each of which gets a marker
EMPTY = "No epoch has ended yet: there is nothing to draw."
# nothing may be fetched, whatever a setting's text has tried to smuggle in
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def html(summary: dict[str, Any]) -> str:
    """The whole page. All text that comes from settings is escaped."""
    drawn = panels(summary)
    parts = [
        f"<h1>{escape(words.heading(summary))}</h1>",
        f'<p class="failed" role="alert">{escape(str(summary["failed"]))}</p>' if summary.get("failed") else "",
        _rules(summary),
        _section("After the last epoch", _final(summary)),
        _section("Curves", _figures(summary, drawn)),
        _section("What is measured", _definitions()),
        _section("Settings", _settings(summary)),
        _section("Repeat it", f"<pre><code>{escape(words.repeat(summary))}</code></pre>"),
        _section("Made with", _pairs(words.origin(summary))),
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(words.heading(summary))} · DFA Lab</title>
<style>{_file("document.css")}</style>
</head>
<body>
<main>
{"".join(parts)}
</main>
<script type="application/json" id="figures">{_json([_figure(panel) for panel in drawn])}</script>
<script>{get_plotlyjs()}</script>
<script>{_file("document.js")}</script>
</body>
</html>
"""


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    """JSON for a script element, which any `</script` would end."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _mark(rule: str) -> str:
    return f'<i class="mark" style="background:{colour(rule)}" aria-hidden="true"></i>'


def _rules(summary: dict[str, Any]) -> str:
    """What each rule is, in its colour: the legend of every figure."""
    items = []
    for rule in rules(summary):
        about = rule_class(rule)
        sentence = " ".join((about.__doc__ or "").split())
        items.append(
            f'<li style="border-color:{colour(rule)}"><b>{escape(rule)}</b> {escape(about.title)}'
            f"<span>{escape(sentence)} <em>{escape(about.source)}</em></span></li>"
        )
    return f'<ul class="rules">{"".join(items)}</ul>'


def _table(head: Iterable[str], rows: Iterable[str], caption: str) -> str:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table><thead><tr>{cells}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="caption">{escape(caption)}</p>'
    )


def _rows(rows: Iterable[tuple[str, list[str]]]) -> Iterable[str]:
    for rule, cells in rows:
        yield (
            f'<tr><th scope="row">{_mark(rule)}{escape(rule)}</th>' + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"
        )


def _final(summary: dict[str, Any]) -> str:
    names, rows = words.figures(summary)
    several = len(summary["runs"]) > len(rows)
    caption = "Mean ± standard deviation over seeds." if several else "One seed."
    made = _table(["rule", *names], _rows(rows), f"{caption} Angles are those of the signal, by hidden layer.")
    if several:
        runs = _table(
            ["rule", "seed", "test error", "training error", "steps"],
            _rows(words.each_run(summary)),
            "Figures of each run after its last epoch.",
        )
        made += f"<details><summary>Every run</summary>{runs}</details>"
    names, rows = words.measured(summary)
    if names:
        caption = "First and last hidden layer, and the whole network, as last measured; mean over seeds. –: there is none."
        made += _table(["rule", *names], _rows(rows), caption)
    return made


def _figures(summary: dict[str, Any], drawn: list[Panel]) -> str:
    if not drawn:
        return f"<p>{EMPTY}</p>"
    curves = [curve for panel in drawn for curve in panel.curves]
    chips = "".join(f"<span>{_mark(rule)}{escape(rule)}</span>" for rule in rules(summary))
    keys = [('<i class="line dotted"></i>', "on training batches", any(curve.training for curve in curves))]
    keys.append(('<i class="line thin"></i>', "one seed; bold is the mean", any(not curve.bold for curve in curves)))
    keys.append(('<i class="line dashed"></i>', f"{CHANCE}°, where chance leaves an angle", any(p.angles for p in drawn)))
    chips += "".join(f"<span>{line}{escape(text)}</span>" for line, text, there in keys if there)
    panes = "".join(_pane(number, panel) for number, panel in enumerate(drawn))
    count = len(layers(summary))
    note = f"<p>{MOST_LAYERS} of {count} hidden layers are drawn.</p>" if count > MOST_LAYERS else ""
    note += "<noscript><p>The curves need JavaScript.</p></noscript>"
    return f'<p class="key">{chips}</p><div class="panels">{panes}</div>{note}'


def _pane(number: int, panel: Panel) -> str:
    return (
        f"<figure><figcaption>{escape(panel.title)}</figcaption>"
        f'<div class="plot" id="plot{number}" role="img" aria-label="{escape(_alternative(panel))}"></div></figure>'
    )


def _alternative(panel: Panel) -> str:
    """The panel for those who do not see it: where each curve ends."""
    ends = [
        f"{curve.name} {curve.last:.3g}{' ' * (panel.unit == '%')}{panel.unit}"
        for curve in panel.curves
        if curve.bold and curve.last is not None
    ]
    return f"{panel.title} by epoch. At the end: {', '.join(ends)}."


def _figure(panel: Panel) -> dict[str, Any]:
    """Data and layout for plotly.js; document.js adds the colours of the page."""
    last = max((x for curve in panel.curves for x in curve.x), default=1)
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "epoch"}, "tickformat": "d", **({"dtick": 1} if last < 8 else {"nticks": 7})},
        "yaxis": {
            "title": {"text": {"%": "% wrong", "°": "degrees"}.get(panel.unit, "mean over samples")},
            "rangemode": "tozero",
        },
    }
    if panel.angles:
        layout["yaxis"] |= {"range": [-2, panel.top], "tickvals": list(range(0, int(panel.top) + 1, 30))}
        layout["shapes"] = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": CHANCE, "y1": CHANCE}]
    return {"data": [_trace(curve, panel.unit) for curve in panel.curves], "layout": layout}


def _trace(curve: Curve, unit: str) -> dict[str, Any]:
    few = len(curve.x) <= FEW and curve.bold and not curve.training
    width = 1.75 if curve.training else 3 if curve.bold else 1.1
    return {
        "type": "scatter",
        "x": curve.x,
        "y": [None if y is None else float(f"{y:.5g}") for y in curve.y],
        "name": curve.name,
        "mode": "lines+markers" if few else "lines",
        "marker": {"size": 7, "color": colour(curve.rule)},
        "line": {"color": colour(curve.rule), "width": width, "dash": "dot" if curve.training else "solid"},
        "opacity": 1 if curve.bold else 0.7,
        **(
            {"hovertemplate": {"%": "%{y:.2f} %", "°": "%{y:.1f}°"}.get(unit, "%{y:.3~g}")}
            if curve.bold
            else {"hoverinfo": "skip"}
        ),
    }


def _definitions() -> str:
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in definitions())
    chance = f"Two random directions are {CHANCE}° apart."
    return f"<dl>{items}</dl><p>{chance} As long as the weight gradient's angle is below that, small steps lower the loss.</p>"


def _settings(summary: dict[str, Any]) -> str:
    other, usual = words.settings(summary)
    made = "<p>All settings are at their defaults.</p>"
    if other:
        made = _table(["setting", "value", "default"], _settings_rows(other), "Settings that differ from their defaults.")
    rest = _table(["setting", "value"], _settings_rows([row[:2] for row in usual]), "Settings at their defaults.")
    return f"{made}<details><summary>The other {len(usual)} settings, at their defaults</summary>{rest}</details>"


def _settings_rows(rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    for name, *values in rows:
        yield f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(value)}</td>" for value in values) + "</tr>"


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs) + "</dl>"
