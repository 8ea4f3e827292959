"""The sheet that ends a path: guesses, answers in words, the figures of one's own runs, and a link to each of them.

The page and the file that is downloaded show the same HTML.
"""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from app.lessons import done_marks, lesson_step, recorded_run
from app.lessons.lesson_place import go
from app.lessons.lesson_tools import note_name
from app.lessons.lesson_words import all_lessons, measure, say
from app.shell import pages
from app.shell.server import manager
from app.visit import projector, share
from app.visit.session import held, hold
from dfa_lab.lessons import Step
from dfa_lab.lessons.learning_paths import LearningPath, Stop
from dfa_lab.lessons.run_figures import figures_of

NAME = "lesson_sheet_name"  # the field's key
NAME_NOTE = "name"  # under which it is kept
STYLE = """
.sheet { max-width: 50rem; line-height: 1.4; }
.sheet section { break-inside: avoid; border-top: 1px solid #8884; padding-top: 0.5rem; margin-top: 1rem; }
.sheet h2 { font-size: 1.15rem; margin: 0.5rem 0; padding: 0; }
.sheet p { margin: 0.25rem 0; }
.sheet table { border-collapse: collapse; margin: 0.5rem 0; }
.sheet th, .sheet td { border: 1px solid #8886; padding: 0.15rem 0.6rem; text-align: left; }
.sheet td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.sheet .written { white-space: pre-wrap; border-left: 3px solid #8888; padding-left: 0.75rem; }
.sheet a { overflow-wrap: anywhere; }
"""
# What is printed is the sheet alone.
PRINTED = """
@media print {
  header, [data-testid=stBottom], [data-testid=stSidebar], .st-key-sheet_tools { display: none !important; }
  .stApp, .stApp * { color: #000 !important; background: transparent !important; }
  .stApp, [data-testid=stMain], [data-testid=stAppViewContainer] { position: static !important; overflow: visible !important; }
}
"""


def show(path: LearningPath) -> None:
    """The page of the sheet."""
    st.title(say("sheet_title", path=path.title), anchor=False)
    with st.container(key="sheet_tools"):
        st.markdown(say("sheet_about"))
        if not held(NAME):
            hold(NAME, done_marks.note(NAME_NOTE))
        st.text_input(say("sheet_name"), key=NAME, max_chars=100, on_change=_keep_name)
        body = _body(path)
        with st.container(horizontal=True, vertical_alignment="center"):
            label, file = say("sheet_download"), say("sheet_file")
            st.download_button(label, _document(path, body), file, "text/html", type="primary", icon=":material/download:")
            st.button(say("sheet_back"), key="to_list", icon=":material/list:", on_click=go)
            projector.toggle()
    st.html(f"<style>{STYLE}{PRINTED}</style>{body}")


def _keep_name() -> None:
    done_marks.write(NAME_NOTE, held(NAME, ""))


def _document(path: LearningPath, body: str) -> str:
    title = escape(say("sheet_title", path=path.title))
    style = f"<style>body {{ font-family: sans-serif; margin: 2rem; }}{STYLE}</style>"
    head = f'<meta charset="utf-8"><title>{title}</title>{style}'
    return f"<!doctype html><html><head>{head}</head><body><h1>{title}</h1>{body}</body></html>"


def _body(path: LearningPath) -> str:
    name, date = held(NAME) or "", f"{datetime.now(UTC):%Y-%m-%d}"
    parts = [f"<p><b>{escape(say('sheet_name'))}:</b> {escape(name)}</p><p>{escape(say('sheet_made', date=date))}</p>"]
    parts += [_section(path, stop) for stop in path.stops]
    return f'<div class="sheet">{"".join(parts)}</div>'


def _section(path: LearningPath, stop: Stop) -> str:
    lesson = all_lessons()[stop.lesson]
    step, mark = lesson.steps[stop.step - 1], done_marks.find(stop)
    parts = [f"<h2>{escape(lesson.title)}: {escape(step.title)}</h2>", _line("", step.question)]
    if mark:
        verdict = say("sheet_yes" if step.right(mark.answer) else "sheet_no")
        parts.append(_line("sheet_guess", f"{step.choices[mark.answer - 1]} ({verdict})"))
        parts.append(_line("sheet_happens", step.choices[step.answer - 1]))
        parts.append(_run(stop, step, mark))
    else:
        parts.append(_line("", say("sheet_not_done")))
    if station := path.station(stop):
        parts += [_line("sheet_task", question) + _written(path, stop, n) for n, question in enumerate(station.asks, start=1)]
    return f"<section>{''.join(parts)}</section>"


def _run(stop: Stop, step: Step, mark: done_marks.Mark) -> str:
    status = lesson_step.status_of(stop, mark.run)
    if not status:
        return _line("", say("sheet_no_run"))
    place = {"lesson": stop.lesson, "step": str(stop.step), "answer": str(mark.answer), "run": mark.run, "seen": "1"}
    link = escape(share.address(place, pages.LESSONS))
    heads = [say(name) for name in ("sheet_rule", "sheet_seed", "sheet_measure", "sheet_layer", "sheet_value")]
    recording = recorded_run.of(stop) if recorded_run.ID.fullmatch(mark.run) else None
    records = recording.records if recording else manager().records(mark.run)
    found = figures_of(step, status.experiment, records)
    rows = [[one.rule, str(one.seed), measure(one.metric), one.layer, one.value] for one in found]
    table = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    to_run = f'<p>{escape(say("sheet_link"))}: <a href="{link}">{link}</a></p>'
    said = say("sheet_recorded") if recording else say("sheet_figures", step=f"{status.step:,}", steps=f"{status.steps:,}")
    return f"{_line('', said)}<table><tr>{head}</tr>{table}</table>{to_run}"


def _written(path: LearningPath, stop: Stop, number: int) -> str:
    text = done_marks.note(note_name(path.name, stop, number)) or say("sheet_unanswered")
    return f'<p class="written">{escape(text)}</p>'


def _line(name: str, text: str) -> str:
    start = f"<b>{escape(say(name))}:</b> " if name else ""
    return f"<p>{start}{escape(text)}</p>"
