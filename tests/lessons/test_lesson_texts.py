"""What a student reads: hints that keep the answer to themselves, a first lesson without symbols, and translations."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from dfa_lab import lessons as package
from dfa_lab.lessons import FOLDER, PICTURES, Step, lessons, translations
from dfa_lab.settings.experiment import RULES

STEPS = [
    pytest.param(step, id=f"{lesson.name}-{n}") for lesson in lessons().values() for n, step in enumerate(lesson.steps, start=1)
]
SYMBOLS = r"[$\\_^=Α-ωℓ∂∇×·⊙∠]"


@pytest.mark.parametrize("step", STEPS)
def test_a_hint_does_not_give_the_answer_away(step: Step):
    """It does not say what happens, and where it names the rule that is the answer, it names another one beside it."""
    assert not re.search(r"\b(falls?|rises?|coincides?|same place|ahead|behind|lowest|highest|none|no line)\b", step.hint)
    named = {rule for rule in RULES if re.search(rf"\b{rule}\b", step.hint)}
    assert not named & {step.choices[step.answer - 1].partition(",")[0]} or len(named) > 1


@pytest.mark.parametrize("step", STEPS)
def test_questions_and_choices_are_plain_text(step: Step):
    """They stand in the sheet as they are, which knows no formulas."""
    for text in (step.question, *step.choices):
        assert not re.search(r"[$*`]|\[", text), text


def test_the_first_lesson_has_a_picture_before_it_has_a_symbol():
    first = next(iter(lessons().values())).steps[0]
    assert (PICTURES / f"{first.picture}.svg").is_file() and first.picture_says
    read = [first.title, first.text, first.question, *first.choices, first.hint]
    assert [text for text in read if re.search(SYMBOLS, text)] == []
    assert re.search(SYMBOLS, first.reveal)  # the formulas come when there is something that they are about


def test_pictures_have_no_words_but_the_names_of_rules():
    used = {step.picture for lesson in lessons().values() for step in lesson.steps} - {""}
    assert used and used == {file.stem for file in PICTURES.glob("*.svg")}
    for name in used:
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", (PICTURES / f"{name}.svg").read_text(encoding="utf-8"))
        assert texts and set(texts) <= set(RULES)


TRANSLATED = """
title = "Wo dfa besser ist"
[[steps]]
title = "Acht Schichten"
choices = ["bp, wie immer", "dfa", "Keines lernt etwas"]
[[steps]]
"""


@pytest.fixture
def translate(tmp_path: Path):
    """What lesson `deep` is with a translation of this text."""
    shutil.copy(FOLDER / "deep.toml", tmp_path)

    def written(text: str, language: str = "de") -> package.Lesson:
        (tmp_path / "deep.de.toml").write_text(text, encoding="utf-8")
        return package.read(tmp_path / "deep.toml", language)

    return written


def test_another_language_is_one_more_file(translate):
    original, found = lessons()["deep"], translate(TRANSLATED)
    assert (found.name, found.title, found.why) == ("deep", "Wo dfa besser ist", original.why)
    assert found.steps[0].title == "Acht Schichten" and found.steps[0].choices[0] == "bp, wie immer"
    assert found.steps[0].experiment == original.steps[0].experiment and found.steps[0].claims == original.steps[0].claims
    assert found.steps[1] == original.steps[1]
    assert translate(TRANSLATED, "fr") == translate(TRANSLATED, "") == original


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("titel = 'x'", "deep.de.toml: titel is no text of the original"),
        ("minutes = 3", "minutes is no text"),
        ("title = 3", "title is no text"),
        ("[[steps]]", "steps has 1 entries, the original 2"),
        ("[[steps]]\nclaims = ['dfa test_error < 1']\n[[steps]]", "claims is no text"),
        ("[[steps]]\nchoices = ['a']\n[[steps]]", "choices has 1 entries, the original 3"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(translate, text: str, says: str):
    with pytest.raises(ValueError, match=says):
        translate(text)


def test_translations_are_no_lessons_of_their_own(translate, tmp_path: Path):
    translate(TRANSLATED)
    assert [file.name for file in translations.originals(tmp_path)] == ["deep.toml"]
    assert translations.languages(tmp_path / "deep.toml") == ["de"]


def test_every_translation_that_there_is_fits():
    files = [file for folder in (FOLDER, FOLDER / "paths") for file in translations.originals(folder)]
    for file in files:
        for language in ("", *translations.languages(file)):
            assert translations.read(file, language).keys() == tomllib.loads(file.read_text(encoding="utf-8")).keys()
