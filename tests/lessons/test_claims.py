"""Every lesson is whole, and says only what its experiments show."""

from functools import cache
from math import ceil

import pytest

from dfa_lab.data import facts, facts_of
from dfa_lab.lessons import FOLDER, Step, lessons
from dfa_lab.lessons.claims import SUMMARY, ClaimError, Figures, broken, judge, measured
from dfa_lab.records import Record
from dfa_lab.settings.data_settings import ON_DISK
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.preflight import check

OTHERS = (6,)  # seeds
QUICK = 450  # steps of all rules together: what takes longer is checked here on the seed that a visitor sees, and no other
STEPS = [
    pytest.param(step, id=f"{lesson.name}-{n}") for lesson in lessons().values() for n, step in enumerate(lesson.steps, start=1)
]


def test_there_are_lessons_on_every_topic():
    names = ["what-is-dfa", "why-it-aligns", "align-first", "when-it-fails", "relu-zero-scale", "adversarial", "deep"]
    assert [name for name in lessons() if name in names] == names
    assert {"hidden-layer", "depth", "learning-rate", "batch-size", "directions"} <= set(lessons()) and len(lessons()) >= 12
    assert set(lessons()) == {file.stem for file in FOLDER.glob("*.toml") if "." not in file.stem}
    for lesson in lessons().values():
        assert lesson.title and lesson.why and 2 <= lesson.minutes <= 15 and len(lesson.steps) >= 2


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_complete_and_needs_no_download(step: Step):
    assert 2 <= len(step.choices) <= 4 and len(set(step.choices)) == len(step.choices)
    assert 1 <= step.answer <= len(step.choices) and step.right(step.answer) and not step.right(0)
    assert step.title and step.text.strip() and step.question.endswith("?") and step.hint and step.reveal.strip()
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
    if len(rules) * experiment.epochs * ceil(facts_of(experiment).train / experiment.batch_size) <= QUICK:
        seeds |= dict.fromkeys(OTHERS)
    claims = [claim for step in steps for claim in _of_each_seed(step)]
    return measured(experiment.model_copy(update={"rules": tuple(rules)}), list(seeds), claims)


def _alike(experiment: Experiment) -> str:
    """An experiment, as JSON, without what may differ between two that train the same networks."""
    return experiment.model_copy(update={"rules": ("bp",), "seeds": (0,), "measure_every": 0}).model_dump_json()


def _of_each_seed(step: Step) -> list[str]:
    return [claim for claim in step.claims if claim.split()[0] not in (*SUMMARY, "each", "for")]


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


@pytest.fixture
def three() -> Figures:
    """Angles of three seeds at step 0, within the first epoch, and at the end of two."""
    experiment = parse({"rules": "dfa", "seeds": "0,1,2"})
    angles = [(99.0, 98.0, 80.0, 70.0), (99.0, 98.0, 84.0, 90.0), (99.0, 98.0, 83.0, 71.0)]
    moments = [(0, 0.0), (5, 0.5), (10, 1.0), (20, 2.0)]
    figures = Figures()
    figures.add(
        experiment,
        [
            Record(run, "signal_angle", 1, value, step, epoch, step, 0.0)
            for run, values in enumerate(angles)
            for value, (step, epoch) in zip(values, moments, strict=True)
        ],
    )
    return figures


@pytest.mark.parametrize(
    ("claim", "figure"),
    [
        ("largest dfa signal_angle in layer 1", 90.0),
        ("least dfa signal_angle in layer 1", 70.0),
        ("least dfa signal_angle in layer 1 after 1 epochs", 80.0),
        ("mean dfa signal_angle in layer 1", 77.0),
        ("spread dfa signal_angle in layer 1", (127.0) ** 0.5),  # 7² + 13² + 6² over two
    ],
)
def test_what_is_said_of_all_seeds(three: Figures, claim: str, figure: float):
    assert judge(three, f"{claim} = {figure:.4f} ± 0.001").holds
    for off in (figure - 0.5, figure + 0.5):
        found = judge(three, f"{claim} = {off:.4f} ± 0.49")
        assert not found.holds and found.figures == f"{figure:.4f}" and found.against == (0, 1, 2)


@pytest.mark.parametrize("last", [70.0, 75.0, 90.0])
def test_the_largest_after_any_epoch(last: float):
    """That of all seeds and of all ends of epochs: neither the one of step 0 nor one from within an epoch."""
    figures, experiment = Figures(), parse({"rules": "dfa", "seeds": "0,1"})
    values = {(0, 0.0): 99.0, (5, 0.5): 98.0, (10, 1.0): 80.0, (20, 2.0): last}
    figures.add(
        experiment,
        [Record(run, "signal_angle", 1, v - run, s, e, s, 0.0) for run in (0, 1) for (s, e), v in values.items()],
    )
    high, low = max(80.0, last), min(80.0, last) - 1
    found = judge(figures, f"largest dfa signal_angle in layer 1 after any epoch = {high} ± 0.1")
    assert found.holds and found.values == {0: high, 1: high - 1}
    assert judge(figures, f"least dfa signal_angle in layer 1 after any epoch = {low} ± 0.1").holds
    assert not judge(figures, f"largest dfa signal_angle in layer 1 after any epoch = {high + 0.5} ± 0.4").holds


def test_a_training_loss_is_that_of_a_whole_epoch():
    """And not of the few samples since the record before, of which an epoch's last one may tell."""
    figures, experiment = Figures(), parse({"rules": "dfa", "seeds": "0"})
    losses = [(1, 0.4, 4.0), (2, 0.8, 2.0), (3, 1.0, 9.0), (5, 1.8, 1.0), (6, 2.0, 6.0)]  # of 4, 4, 2, 8 and 2 samples
    figures.add(experiment, [Record(0, "train_loss", None, v, s, e, round(10 * e), 0.0) for s, e, v in losses])
    assert judge(figures, "mean dfa train_loss after 1 epochs = 4.2 ± 0.001").holds
    assert judge(figures, "mean dfa train_loss = 2 ± 0.001").holds


@pytest.mark.parametrize(("said", "holds"), [(0, False), (1, True), (2, False), (3, False)])
def test_for_so_many_seeds_and_no_others(three: Figures, said: int, holds: bool):
    found = judge(three, f"for {said} seeds dfa signal_angle in layer 1 > 80")
    assert (found.holds, found.against) == (holds, (0, 2))


def test_a_figure_for_each_seed(three: Figures):
    assert judge(three, "each dfa signal_angle in layer 1 = 70 90.4 71 ± 0.5").holds
    found = judge(three, "each dfa signal_angle in layer 1 = 70 90.6 71 ± 0.5")
    assert not found.holds and found.against == (1,) and found.figures == "seed 1: 90.0000"


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ("dfa is good", "not a claim"),
        ("mean dfa test_error < 0.1", "not a claim"),
        ("mean dfa test_error after any epoch = 0.1 ± 1", "not a claim"),
        ("largest dfa test_error at step 0 after any epoch = 0.1 ± 1", "not a claim"),
        ("for some seeds dfa test_error < 0.1", "not a claim"),
        ("each dfa test_error = 0.1 ± 1", "not with a figure for each seed"),
        ("largest bp test_error after any epoch = 0.1 ± 1", "nothing like this is measured"),
        ("bp test_error < 1", "nothing like this is measured"),
        ("dfa test_error at step 1 < 1", "nothing like this is measured"),
    ],
)
def test_what_is_no_claim_is_refused(figures: Figures, claim: str, says: str):
    with pytest.raises(ClaimError, match=says):
        judge(figures, claim)
