"""Every figure that a lesson says is one of its claims, a setting of its experiment, or named here with its source."""

import pytest

from dfa_lab.lessons import Step, lessons
from tests.test_documented_prose import claimed, figures, rounded, sentences

WRONG = "what a wrong choice says"
# lesson and step -> figure -> where it comes from
ELSEWHERE = {
    ("what-is-dfa", 2): {
        "90 %": WRONG,
        "0.01": "the other learning rate, of which rules.md speaks",
        "7.3 %": "rules.md",
        "4.6 %": "rules.md",
        "3.7 %": "rules.md",
    },
    ("why-it-aligns", 3): {
        "0.1": "the usual size of B: one over the root of 100 units",
        "60 °": "a bound that is claimed of every seed",
        "0.01": "the other learning rate, of which rules.md speaks",
        "2.5 %": "rules.md",
        "5 %": "rules.md",
        "10 %": "rules.md",
    },
    ("align-first", 2): {"30 °": WRONG},
    ("relu-zero-scale", 3): {"0.1": "the usual size of B: one over the root of 100 units"},
    ("hidden-layer", 1): {"30 %": "rules.md"},
    ("depth", 2): {"73 °": "step 1", "5 %": "step 1"},
    ("directions", 3): {"4.6 %": "step 2"},
    ("adversarial", 2): {"6 %": "step 1", "7 %": "step 1"},
    ("deep", 1): {"0.58": "the spread of a uniform distribution in ±1: one over the root of 3"},
}
STEPS = {(lesson.name, n): step for lesson in lessons().values() for n, step in enumerate(lesson.steps, start=1)}


def values(step: Step) -> list[float]:
    """What the step's claims say that a figure is, and the settings of its experiment that are numbers."""
    said = [claim.partition(" = ")[2].partition(" ±")[0] for claim in step.claims if " = " in claim]
    settings = step.experiment.model_dump().values()
    return [float(one) for one in said] + [float(one) for one in settings if isinstance(one, int | float)]


def has(known: list[float], figure: str) -> bool:
    """Whether a figure is among these values. What is right is what is not wrong: a share may be said of either."""
    shares = [1 - one for one in known if 0 < one < 1] if figure.endswith("%") else []
    return any(rounded(figure, one) for one in known + shares)


@pytest.mark.parametrize("place", STEPS, ids=lambda place: f"{place[0]}-{place[1]}")
def test_every_figure_of_a_step_has_a_source(place: tuple[str, int]):
    step, named = STEPS[place], ELSEWHERE.get(place, {})
    said = set(figures(sentences("\n\n".join([step.text, step.hint, *step.choices, step.reveal]))))
    assert [one for one in said if not has(values(step), one) and one not in named] == [], "claim it, or name its source"
    assert named.keys() <= said
    for figure, source in named.items():
        if source.endswith(".md"):
            assert has(claimed(source, "any"), figure), figure
        if source.startswith("step "):
            assert has(values(STEPS[place[0], int(source.removeprefix("step "))]), figure), figure


def test_a_figure_that_nothing_claims_is_found():
    known = values(STEPS["what-is-dfa", 1])
    assert has(known, "3.7 %") and has(known, "96.3 %") and not has(known, "3.8 %") and not has(known, "17 °")
