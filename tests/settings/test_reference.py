"""Behind each "?" stand a short sentence, the unit and a link; labels say nothing twice."""

import pytest

from dfa_lab.settings import reference
from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.wording import allowed, title

NAMES = list(Experiment.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_a_help_is_short_has_the_unit_and_leads_on(name: str) -> None:
    text, *rest = reference.short(name).split("\n\n")
    field = Experiment.model_fields[name]
    assert text.endswith(".") and len(text) <= 220 and str(field.description).startswith(text[:-1])
    assert rest[-1] == f"[All about it]({reference.link(name)})"
    if (unit := extra(field)["unit"]) and not extra(field)["choices"]:
        assert rest[0].endswith(f"in {unit}.")


@pytest.mark.parametrize("name", NAMES)
def test_all_that_is_said_leaves_nothing_out(name: str) -> None:
    said = reference.whole(name)
    field = Experiment.model_fields[name]
    assert str(field.description) in said and f"`{name}`" in said
    assert field.annotation is bool or allowed(name) in said
    for values in extra(field)["when"].values():
        assert " or ".join(values) in said


@pytest.mark.parametrize("name", NAMES)
def test_a_label_says_nothing_twice(name: str) -> None:
    words = title(name).lower().replace("(", " ").replace(")", " ").split()
    long = [word.removesuffix("s") for word in words if len(word) > 3]
    assert len(set(long)) == len(long), title(name)
