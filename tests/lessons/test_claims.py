"""Every lesson is whole, and says only what its experiments show."""

import pytest
from claims import broken

from dfa_lab.data import facts
from dfa_lab.lessons import FOLDER, Step, lessons
from dfa_lab.settings.data_settings import ON_DISK
from dfa_lab.train.preflight import check
from dfa_lab.train.trainer import Trainer

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
    assert step.claims
    claimed = tuple(rule for rule in step.experiment.rules if any(f"{rule} " in claim for claim in step.claims))
    quick = {"device": "cpu", "measure_every": 10_000, "rules": claimed}  # angles come after every epoch all the same
    experiment = step.experiment.model_copy(update=quick)
    records = [record for batch in Trainer(experiment) for record in batch]
    assert broken(experiment, records, step.claims) == []


def test_a_false_claim_is_found():
    step = lessons()["what-is-dfa"].steps[2]
    experiment = step.experiment.model_copy(update={"epochs": 1, "measure_every": 0, "num_hidden": 5})
    records = [record for batch in Trainer(experiment) for record in batch]
    false = ["dfa test_error < 0.01", "fa test_error > dfa test_error + 0.1", "fa signal_angle in layer 1 is missing"]
    assert len(broken(experiment, records, [*false, "dfa test_error < 1", "fa test_error > 0"])) == len(false)
    with pytest.raises(AssertionError, match="not a claim"):
        broken(experiment, records, ["dfa is good"])
