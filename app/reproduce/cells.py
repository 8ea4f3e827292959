"""How a cell of the paper's tables looks: pure functions from figures to HTML."""

from html import escape

from app.visit.form_state import as_text
from dfa_lab.feedback import rule_class
from dfa_lab.paper import texts
from dfa_lab.paper.outcomes import NEAR, Outcome, compare
from dfa_lab.paper.tables import MARKS, Published, Row
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.wording import title

COLOURS = {"lower": "#0072B2", "near": "#4D4D4D", "higher": "#A84300"}  # white reads well on each; the shapes differ too
WORDS = {
    "lower": "lower error than published",
    "near": f"within {NEAR} published standard deviations",
    "higher": "higher error than published",
}
WAITING = {"queued": "waits for its turn", "loading": "data are being loaded", "paused": "paused"}
SMALL = "font-size:0.8rem;opacity:0.75"
SPREAD = "display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:0 0.75rem"


def card(rule: str, published: Published, outcome: Outcome | None, active: Outcome | None = None) -> str:
    """The published figure, ours below it, and how far what is active has come."""
    mark = f'<span title="{escape(MARKS[published.mark][1])}">{texts.sign(published)}</span>'
    lines = [
        f'<div style="{SPREAD}"><span>{chip(rule)}</span>'
        f'<span style="white-space:nowrap"><span style="{SMALL}">paper</span> {texts.published(published)} {mark}</span></div>'
    ]
    figure, comparison = ("–", "") if outcome is None else (texts.ours(outcome), _difference(outcome, published))
    lines.append(
        f'<div style="{SPREAD}"><span style="white-space:nowrap"><span style="{SMALL}">ours</span> '
        f'<b style="font-size:1.3rem">{figure}</b></span>{comparison}</div>'
    )
    if outcome is not None:
        lines.append(f'<div style="{SMALL}">{_about(outcome)}</div>')
        lines.append(_progress(active) if active else _end(outcome))
    return "".join(lines)


def chip(rule: str) -> str:
    """The rule's name with its colour."""
    return f'<span style="color:{rule_class(rule).colour}" aria-hidden="true">■</span> <b>{rule}</b>'


def legend() -> str:
    """What marks, shapes and colours mean."""
    marks = [f"<span><b>{sign}</b> {escape(about)}</span>" for sign, about in MARKS.values()]
    shapes = [f"<span>{_badge(kind, texts.SHAPES[kind])} {WORDS[kind]}</span>" for kind in COLOURS]
    return f'<div style="display:flex;flex-wrap:wrap;gap:2px 20px;font-size:0.85rem">{"".join(marks + shapes)}</div>'


def settings(row: Row) -> str:
    """The row's settings as a table; what is our assumption says why."""
    lines = []
    for name in Experiment.model_fields:
        if name in row.settings:
            why = f'<br><span style="{SMALL}">⚠ assumed: {escape(row.assumed[name])}</span>' if name in row.assumed else ""
            value = row.settings[name]
            shown = "on" if value is True else str(as_text(value))
            lines.append(
                f'<tr style="vertical-align:top"><td style="padding:2px 16px 2px 0;opacity:0.75">{escape(title(name))}</td>'
                f"<td>{escape(shown)}{why}</td></tr>"
            )
    return f'<table style="font-size:0.9rem">{"".join(lines)}</table>'


def _about(outcome: Outcome) -> str:
    measured = [texts.seeds(outcome), texts.epochs(outcome)] if outcome.errors else []
    return " · ".join([*measured, *([f"trained {texts.duration(outcome.seconds)}"] if outcome.seconds else [])])


def _end(outcome: Outcome) -> str:
    why = outcome.sentence or ("" if outcome.state == "finished" else f"It was {outcome.state}.")
    return f'<div style="{SMALL}">{escape(why)}</div>'


def _difference(outcome: Outcome, published: Published) -> str:
    if outcome.error is None:
        return ""
    kind = compare(outcome.error, published)
    return f'<span title="{WORDS[kind]}">{_badge(kind, texts.difference(outcome, published))}</span>'


def _badge(kind: str, text: str) -> str:
    style = f"background:{COLOURS[kind]};color:#fff;border-radius:6px;padding:0 7px;font-size:0.85rem;white-space:nowrap"
    return f'<span style="{style}">{text}</span>'


def _progress(outcome: Outcome) -> str:
    share = 100 * outcome.progress
    word = WAITING.get(outcome.state) or f"epoch {outcome.reached:.1f} of {outcome.experiment.epochs}"
    left = f" · {texts.duration(outcome.left)} left" if outcome.left is not None else ""
    bar = (
        f'<div role="progressbar" aria-label="progress" aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100" '
        'style="height:6px;border-radius:3px;background:rgba(128,128,128,0.3);margin-top:4px">'
        f'<div style="width:{share:.1f}%;height:100%;border-radius:3px;background:#3BA3E0"></div></div>'
    )
    return f'{bar}<div style="{SMALL}">{word}{left}</div>'
