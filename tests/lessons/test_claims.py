"""Every lesson is whole, and says only what its experiments show."""

from functools import cache

import pytest

from dfa_lab.data import facts
from dfa_lab.lessons import FOLDER, Step, lessons
from dfa_lab.lessons.claims import ClaimError, Figures, broken, judge, measured
from dfa_lab.records import Record
from dfa_lab.settings.data_settings import ON_DISK
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.preflight import check

OTHERS = (6,)  # seeds
QUICK = 10  # passes of all rules together: what takes longer is checked here on the seed that a visitor sees, and no other
STEPS = [
    pytest.param(step, id=f"{lesson.name}-{n}") for lesson in lessons().values() for n, step in enumerate(lesson.steps, start=1)
]


def test_there_are_lessons_on_every_topic():
    names = ["what-is-dfa", "why-it-aligns", "align-first", "when-it-fails", "relu-zero-scale", "adversarial", "deep"]
    assert [name for name in lessons() if name in names] == names
    assert set(lessons()) == {file.stem for file in FOLDER.glob("*.toml")}
    for lesson in lessons().values():
        assert lesson.title and lesson.why and 2 <= lesson.minutes <= 15 and len(lesson.steps) >= 2


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_complete_and_needs_no_download(step: Step):
    assert 2 <= len(step.choices) <= 4 and len(set(step.choices)) == len(step.choices)
    assert 1 <= step.answer <= len(step.choices) and step.right(step.answer) and not step.right(0)
    assert step.title and step.text.strip() and step.question.endswith("?") and step.look and step.reveal.strip()
    assert step.experiment.dataset not in ON_DISK and facts(step.experiment.dataset).megabytes == 0
    check(step.experiment)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_shows_what_it_claims(step: Step):
    """On the seeds that a visitor sees and on some others; `python tools/claims` takes twenty, and checks the means of them."""
    assert step.claims
    assert broken(shown(_alike(step.experiment)), _of_each_seed(step)) == []


@cache
def shown(alike: str) -> Figures:
    """The figures of all steps whose experiments are `alike`: trained once, with the rules, seeds and claims of them all."""
    experiment = Experiment.model_validate_json(alike)
    steps = [step for lesson in lessons().values() for step in lesson.steps if _alike(step.experiment) == alike]
    rules = dict.fromkeys(rule for step in steps for rule in step.experiment.rules)
    seeds = dict.fromkeys(seed for step in steps for seed in step.experiment.seeds)
    if len(rules) * experiment.epochs <= QUICK:
        seeds |= dict.fromkeys(OTHERS)
    claims = [claim for step in steps for claim in _of_each_seed(step)]
    return measured(experiment.model_copy(update={"rules": tuple(rules)}), list(seeds), claims)


def _alike(experiment: Experiment) -> str:
    """An experiment, as JSON, without what may differ between two that train the same networks."""
    return experiment.model_copy(update={"rules": ("bp",), "seeds": (0,), "measure_every": 0}).model_dump_json()


def _of_each_seed(step: Step) -> list[str]:
    return [claim for claim in step.claims if not claim.startswith("mean ")]


@pytest.fixture(scope="module")
def figures() -> Figures:
    """Two seeds of a step that learns next to nothing."""
    step = lessons()["what-is-dfa"].steps[2]
    small = step.experiment.model_copy(update={"epochs": 1, "num_hidden": 5})
    words = ["fa test_error", "dfa test_error", "signal_angle", "dfa gradient_angle"]
    return measured(small, [0, 7], words)


def test_a_false_claim_is_found(figures: Figures):
    false = [
        "dfa test_error < 0.01",
        "fa test_error > dfa test_error + 0.1",
        "dfa test_error > dfa test_error at step 0 * 1.5",
        "fa signal_angle in layer 1 is missing",
        "usually dfa test_error < 0.01",
        "mean dfa test_error = 0.01 ± 0.05",
    ]
    true = ["dfa test_error < 1", "fa test_error > 0", "usually dfa test_error < 1", "mean dfa test_error = 0.8 ± 0.2"]
    found = broken(figures, [*false, *true])
    assert [one.split(" (")[0] for one in found] == false
    assert "seed 0: " in found[0] and "seed 7: " in found[0]


def test_a_finding_says_for_which_seeds_a_claim_fails(figures: Figures):
    values = judge(figures, "dfa test_error < 1").values
    low, high = sorted(values, key=lambda seed: values[seed] or 0.0)
    assert values[low] != values[high]
    between = sum(value or 0.0 for value in values.values()) / 2
    found = judge(figures, f"dfa test_error < {between:.6f}")
    assert found.against == (high,) and not found.holds
    assert judge(figures, f"mean dfa test_error = {between:.6f} ± 0.00001").holds


@pytest.mark.parametrize(("fail", "holds"), [(5, True), (6, False)])
def test_usually_is_three_quarters_of_the_seeds(fail: int, holds: bool):
    experiment = parse({"rules": "dfa", "seeds": ",".join(map(str, range(20)))})
    twenty = Figures()
    twenty.add(experiment, [Record(n, "test_error", None, 0.5 if n < fail else 0.1, 9, 1.0, 9, 0.0) for n in range(20)])
    found = judge(twenty, "usually dfa test_error < 0.2")
    assert (found.holds, found.against) == (holds, tuple(range(fail)))
    assert not judge(twenty, "dfa test_error < 0.2").holds


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ("dfa is good", "not a claim"),
        ("mean dfa test_error < 0.1", "not a claim"),
        ("bp test_error < 1", "nothing like this is measured"),
        ("dfa test_error at step 1 < 1", "nothing like this is measured"),
    ],
)
def test_what_is_no_claim_is_refused(figures: Figures, claim: str, says: str):
    with pytest.raises(ClaimError, match=says):
        judge(figures, claim)
