"""All that a student reads on the pages of the lessons stands in TOML files, so that another language is one more file each."""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.lessons import lesson_words
from dfa_lab.lessons import lessons, translations
from dfa_lab.lessons.run_figures import spoken_of

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "app" / "lessons").glob("*.py"))
WORDS = translations.read(lesson_words.FILE)
# Two words in a row, or one with a capital letter, outside tags, icons and what is filled in.
TEXT = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}|\b[A-Z][a-z]{2,}")
NO_TEXT = {"Mod+Enter", "Retry-After"}  # the name of a key, as Streamlit takes it, and that of a header
NO_PROSE = ("CARDS", "FINGERS", "PRINTED", "SCRIPT", "STYLE")  # styles, and JavaScript, which is looked into
JS_TEXT = re.compile(r'"([^"\n]*)"')


def texts(source: str) -> Iterator[str]:
    """What a Python file has of strings that somebody might read."""
    tree = ast.parse(source)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            skipped.add(id(body[0].value))  # a docstring
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in NO_PROSE:
            skipped |= {id(part) for part in ast.walk(node.value)}
            found = JS_TEXT.findall(ast.unparse(node.value).replace('\\"', '"')) if node.targets[0].id == "SCRIPT" else []
            yield from (text for text in found if TEXT.search(text) and not re.search(r"[\[.#]", text))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            plain = re.sub(r"<[^>]*>?|:material/\w+:", " ", node.value)
            if TEXT.search(plain) and node.value not in NO_TEXT:
                yield node.value


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_text_stands_in_the_code(file: Path):
    allowed = {"Enter"} if file.name == "lesson_keys.py" else set()
    assert [text for text in texts(file.read_text(encoding="utf-8")) if text not in allowed] == [], (
        "put it into lesson_words.toml"
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('st.button("Next")', ["Next"]),
        ('st.markdown(f"the answer {x}")', ["the answer "]),
        ('st.html("<b>two words</b>")', ["<b>two words</b>"]),
        ('SCRIPT = """node.textContent = "Well done" """', ["Well done"]),
        ('"""A docstring of two words."""\nst.button(say("next"), icon=":material/arrow_forward:")', []),
        ('STYLE = "<style>a { color: red }</style>"', []),
    ],
)
def test_a_text_in_the_code_is_found(source: str, found: list[str]):
    assert list(texts(source)) == found


def test_every_word_is_used_and_every_measure_that_a_sheet_names_has_one():
    code = [
        node.value
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    ]
    measures = {metric for lesson in lessons().values() for step in lesson.steps for _, metric, _ in spoken_of(step)}
    assert measures <= WORDS.keys()
    assert sorted(WORDS.keys() - set(code) - measures) == []


def test_what_is_said_has_its_places_filled_in():
    calls = [
        node
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
    ]
    assert len(calls) > 50
    for call in calls:
        given = {keyword.arg for keyword in call.keywords}
        for name in [node.value for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]:
            if isinstance(name, str) and name in WORDS:
                assert set(re.findall(r"\{(\w+)\}", WORDS[name])) <= given, name


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Two files more, and nothing else."""
    caches = (lesson_words.languages, lesson_words._texts, lessons)
    folder = tmp_path / "lessons"
    folder.mkdir()
    for file in (lesson_words.FILE, *translations.originals(ROOT / "dfa_lab" / "lessons")):
        shutil.copy(file, folder)
    (folder / "lesson_words.de.toml").write_text('title = "Lektionen"\nbegin = "Lektion {number} beginnen"\n', encoding="utf-8")
    (folder / "deep.de.toml").write_text('title = "Wo dfa besser ist"\n', encoding="utf-8")
    shutil.move(folder / "lesson_words.toml", tmp_path)
    shutil.move(folder / "lesson_words.de.toml", tmp_path)
    monkeypatch.setattr(lesson_words, "FILE", tmp_path / "lesson_words.toml")
    monkeypatch.setattr("dfa_lab.lessons.FOLDER", folder)
    for cached in caches:
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


@pytest.mark.parametrize(
    ("parameter", "german_is_read"), [({"language": "de"}, True), ({"language": "xx"}, False), ({}, False)]
)
def test_another_language_is_one_more_file(german, app, parameter: dict[str, str], german_is_read: bool):
    app.switch_page(str(ROOT / "pages" / "lessons.py"))
    app.query_params.update(parameter)
    app.run()
    assert not app.exception
    assert [one.value for one in app.title] == ["Lektionen" if german_is_read else "Lessons"]
    label = "Lektion 1 beginnen" if german_is_read else "Begin lesson 1"
    assert label in [one.label for one in app.button]
    assert any("Wo dfa besser ist" in one.value for one in app.markdown) == german_is_read
    assert any("What direct feedback alignment is" in one.value for one in app.markdown)  # what is not translated stays
