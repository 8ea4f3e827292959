"""The words that pictures explain: everything that a title abbreviates is among them, and what they promise is there."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from app.shell.pages import PAGES
from app.words import glossary
from dfa_lab.feedback import RULES
from dfa_lab.lessons import lessons
from dfa_lab.records import DRAWN
from dfa_lab.settings.experiment import Experiment, extra

APP = Path(__file__).parents[2] / "app"
TEXTS = glossary._glossary("")
WORDS = TEXTS["words"]


def choices(name: str) -> list[str]:
    return extra(Experiment.model_fields[name])["choices"]


@pytest.mark.parametrize("setting", ["criterion", "optimizer", "nonlin", "network", "rules"])
def test_every_abbreviation_of_a_title_is_explained(setting: str) -> None:
    forms = {form for word in WORDS.values() for form in word["forms"]}
    assert len(choices(setting)) > 1 and set(choices(setting)) <= forms


def test_every_measure_that_is_drawn_says_in_plain_words_what_it_is() -> None:
    assert all(WORDS[drawn["metric"]]["plain"] for drawn in DRAWN.values())
    plain = WORDS["signal_angle"]["plain"]
    assert plain == "how far from backprop's direction (90° = no better than chance)"


def test_every_word_is_one_short_thing_to_read() -> None:
    for name, word in WORDS.items():
        assert word.keys() <= {"word", "forms", "says", "page", "symbol", "plain"}, name
        assert word["says"].endswith(".") and len(word["says"]) < 200, name


def test_no_form_stands_for_two_words() -> None:
    assert [
        form for form, count in Counter(form for word in WORDS.values() for form in word["forms"]).items() if count > 1
    ] == []


def test_where_there_is_more_to_read_there_is_a_page() -> None:
    led = [word["page"].partition("?lesson=") for word in WORDS.values() if "page" in word]
    assert {page for page, _, _ in led} <= {page.path for page in PAGES}
    assert {lesson for _, _, lesson in led if lesson} <= lessons().keys()


def test_words_that_the_pictures_name_are_there() -> None:
    headings = re.search(r"HEADINGS = \{(.*)\}", (APP / "live" / "live_panel.js").read_text(encoding="utf-8"))
    assert headings and set(re.findall(r'"(\w+)"', headings[1])) <= WORDS.keys()


def test_no_text_stands_in_the_code_that_explains() -> None:
    code = [file.read_text(encoding="utf-8") for file in (APP / "words").glob("*.js")]
    strings = [text for one in code for text in re.findall(r'"([^"\n]*)"', re.sub(r"//.*", "", one))]
    said = [text for text in strings if re.search(r"[a-z]{2,} [a-z]{2,}|^[A-Z][a-z]{2,}$", text)]
    assert len(strings) > 20 and set(said) == {"Escape", "Enter"}  # keys


def test_a_rule_of_which_nobody_has_written_is_explained_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RULES[0]
    texts = {**TEXTS, "words": {name: word for name, word in WORDS.items() if name != rule}}
    monkeypatch.setattr(glossary.translations, "read", lambda *_: texts)
    made = glossary._glossary.__wrapped__("")["words"][rule]
    assert made["word"] == "bp: Backpropagation" and made["says"].startswith("The error travels back")


def test_another_language_is_one_more_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(glossary.FILE, tmp_path)
    (tmp_path / "glossary.de.toml").write_text('more = "Mehr"\n[words.epoch]\nword = "Epoche"\n', encoding="utf-8")
    monkeypatch.setattr(glossary, "FILE", tmp_path / "glossary.toml")
    found = glossary._glossary.__wrapped__("de")
    assert glossary.languages.__wrapped__() == ["de"]
    assert (found["more"], found["words"]["epoch"]["word"]) == ("Mehr", "Epoche")
    assert found["words"]["epoch"]["says"] == WORDS["epoch"]["says"]  # what is not translated stays
