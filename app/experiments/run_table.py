"""The table of experiments: what it shows of each, and what a person changes in it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.shell.server import manager
from app.visit import run_columns
from app.visit.session import Remembered, fresh, held, known
from app.visit.ticks import anew, ticks
from dfa_lab.compare import table
from dfa_lab.runs.replay.origin import FORKED, origin_of
from dfa_lab.runs.rights import NotAllowed
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.experiment import RULES, Experiment
from dfa_lab.settings.wording import title

COLOURS = {  # of Okabe and Ito
    "#0072B2": "🟦 blue",
    "#E69F00": "🟧 orange",
    "#009E73": "🟩 green",
    "#D55E00": "🟥 vermilion",
    "#CC79A7": "🟪 purple",
    "#F0E442": "🟨 yellow",
}
EDITABLE = ("chosen", "shown", "name", "note", "tags", "colour")
WRITTEN = ("name", "note", "tags", "colour")  # kept in the store; the others are this visitor's
SPREAD = " ±"
NAMES = {"name": ("Name", 80), "what": ("What", None)}  # columns that are as wide as their texts
LETTER, NARROWEST, WIDEST = 6.5, 120, 560  # pixels
OPEN = "runs_open"  # key of the buttons in the table


class Table(Remembered, prefix="runs"):
    """What the table shows, and whose button was pressed."""

    ids: list[str] = fresh(list)  # of its rows
    opened: str | None = None
    refused: str = ""  # why something that was typed into the table was not kept


rows = Table()


def frame(
    found: Sequence[Stored], finals: pd.DataFrame, metric: str, settings: Sequence[str], best: bool, *, first: bool = False
) -> pd.DataFrame:
    """A row an experiment, by its id: what can be changed, its state, the last values of its rules, its settings.

    `first`: the settings come before the values, since they tell the rows apart.
    """
    outcomes = table.outcomes(found, finals, metric, best=best)
    by = 100 if table.fraction(metric) else 1
    common = run_columns.columns(found)
    started = common.pop("started")  # comes late
    columns: dict[str, list[Any]] = {
        "open": [":material/open_in_new: Open" if one.experiment else None for one in found],
        "chosen": [one.id in ticks.chosen for one in found],
        "shown": [one.id in ticks.shown for one in found],
        **common,
    }
    told = {name: [table.setting(one, name) for one in found] for name in settings}
    columns |= told if first else {}
    for rule in RULES:
        cells = [outcomes.get((one.id, rule)) for one in found]
        if any(one.experiment and rule in one.experiment.rules for one in found):
            columns[rule] = [cell and cell.mean * by for cell in cells]
        if any(cell and cell.spread is not None for cell in cells):
            columns[rule + SPREAD] = [None if cell is None or cell.spread is None else cell.spread * by for cell in cells]
    when = [_as_of({rule: cell.as_of for rule in RULES if (cell := outcomes.get((one.id, rule)))}) for one in found]
    if any(when):
        columns["as of"] = when
    columns["seeds"] = [len(one.experiment.seeds) if one.experiment else None for one in found]
    columns |= {} if first else told
    columns["colour"] = [one.colour or None for one in found]
    columns["tags"] = [list(one.tags) for one in found]
    columns["note"] = [one.note for one in found]
    columns["started"] = started
    forks = manager().store.events_of(FORKED)
    origins = {id: origin.sentence() for id, events in forks.items() if (origin := origin_of(events))}
    columns["why"] = [" ".join(filter(None, [one.sentence, origins.get(one.id)])) for one in found]
    columns["id"] = [one.id for one in found]
    made = pd.DataFrame(columns, index=pd.Index([one.id for one in found], name="row"))
    figures = [name for name in made.columns if name.removesuffix(SPREAD) in RULES or name == "seeds"]
    return made.astype(dict.fromkeys(figures, float))


def _as_of(rules: dict[str, str]) -> str:
    """When the figures of a row were measured, if its experiment has gone on since: of all rules at once where they agree."""
    if len(set(rules.values())) == 1:
        return next(iter(rules.values()))
    return ", ".join(f"{rule} {when}" for rule, when in rules.items() if when)


def ordered(shown: pd.DataFrame, by: str, group: str, *, backwards: bool) -> pd.DataFrame:
    """The rows by a column, the smallest first and the empty ones last, within each value of the setting `group`."""
    shown = shown.iloc[::-1] if backwards else shown
    if by:
        shown = shown.sort_values(by, kind="stable", key=lambda column: column.replace("", None))
    return shown.sort_values(group, kind="stable", key=lambda column: column.map(table.sortable)) if group else shown


def editor(shown: pd.DataFrame, metric: str) -> None:
    """Mount the table; `take_over` does what is changed in it. Only other rows make it begin anew."""
    rows.ids = list(shown.index)
    if rows.refused:
        st.warning(rows.refused, icon=":material/lock:")
        rows.refused = ""
    st.data_editor(
        shown,
        key=_key(),
        hide_index=True,
        placeholder="",
        disabled=[name for name in shown.columns if name not in EDITABLE],
        column_config=_columns(shown, metric),
        height=min(36 * (len(shown) + 1), 620),
        alt="Experiments, one a row, with their states, last values and settings; the buttons above act on the chosen ones.",
    )


def opened() -> str | None:
    """The id of the row whose button was pressed just now."""
    id, rows.opened = rows.opened, None
    return id


def _columns(shown: pd.DataFrame, metric: str) -> dict[str, Any]:
    column = st.column_config
    colours = dict.fromkeys([*COLOURS, *shown["colour"].dropna()])
    figures = "%.2f %%" if table.fraction(metric) else "%.4g"
    rules = {
        name: column.NumberColumn(name, format=figures, help=f"{metric.replace('_', ' ')}, mean over seeds")
        for name in shown.columns
        if name.removesuffix(SPREAD) in RULES
    }
    for name in rules:
        if name.endswith(SPREAD):
            rules[name] = column.NumberColumn(
                "±", format=figures, help=f"Standard deviation of {name[: -len(SPREAD)]} over seeds"
            )
    return (
        rules
        | run_columns.looks()
        | {name: column.TextColumn(title(name), help=_about(name)) for name in shown.columns if name in table.SETTINGS}
        | {
            name: column.TextColumn(label, width=_wide(shown[name].tolist()), max_chars=most)
            for name, (label, most) in NAMES.items()
        }
        | {
            "open": column.ButtonColumn("Open", type="tertiary", key=OPEN, on_click=_open),
            "chosen": column.CheckboxColumn("Choose", help="For the buttons above", pinned=True),
            "shown": column.CheckboxColumn("Show", help="In comparisons and in the table for a paper"),
            "colour": column.SelectboxColumn(
                "Colour", options=list(colours), format_func=lambda colour: COLOURS.get(str(colour), str(colour)), width="small"
            ),
            "as of": column.TextColumn(
                "As of", help="When these figures were measured, where the experiment has gone on since"
            ),
            "seeds": column.NumberColumn("Seeds", format="%d", width="small"),
            "tags": column.ListColumn("Tags", help="Type a tag and press Enter"),
            "note": column.TextColumn("Note", max_chars=2000, width="medium"),
            "why": column.TextColumn("Why", help="Why it is in its state, and what it was forked from"),
        }
    )


def _about(name: str) -> str:
    return Experiment.model_fields[name].description or ""


def _wide(texts: Sequence[str]) -> int:
    """A width in pixels at which texts are seen to the end, where they differ perhaps."""
    return min(WIDEST, max(NARROWEST, 24 + round(LETTER * max(map(len, texts), default=0))))


def _open() -> None:
    click, ids = held(OPEN), rows.ids
    if click and click["row"] < len(ids):
        rows.opened = ids[click["row"]]


def _key() -> str:
    return f"runs_table_{ticks.version}"


def take_over() -> None:
    """Before anything is read: do what has been changed in the table. It gives everything that was ever changed in it."""
    ids, before = rows.ids, ticks.applied
    if not known(_key()):
        return
    pending = {
        (ids[int(row)], column): value
        for row, changed in held(_key())["edited_rows"].items()
        for column, value in changed.items()
        if int(row) < len(ids)
    }
    for (id, column), value in pending.items():
        if (id, column) not in before or before[id, column] != value:
            change(id, column, value)
    if not rows.refused:  # else the table begins anew, as it was
        ticks.applied = pending


def change(id: str, column: str, value: Any) -> None:
    """Do what was changed in one cell; an emptied one comes as None."""
    if column in WRITTEN:
        given: dict[str, Any] = {column: value if value is not None else ([] if column == "tags" else "")}
        try:
            manager().describe(id, **given)
        except NotAllowed as error:
            rows.refused = str(error)
            anew()
    elif column in ("chosen", "shown"):
        ticked: set[str] = getattr(ticks, column)
        (ticked.add if value else ticked.discard)(id)
