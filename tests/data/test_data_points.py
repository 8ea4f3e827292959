"""Points that a person drew: the text that carries them, the file, every refusal, and that networks learn them."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

from dfa_lab import data
from dfa_lab.cli import main
from dfa_lab.settings import point_text, points_file
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import command, differences, parse
from dfa_lab.settings.point_text import Point, decode, encode, place, split, to_csv
from dfa_lab.train.trainer import Trainer
from tests.data.data_files import load

TWO = [Point(0, 0, 0), Point(1023, 1023, 9)]


def some(chance: random.Random, most: int = 500) -> list[Point]:
    """Any points of at least two classes."""
    points = [
        Point(chance.randint(0, 1023), chance.randint(0, 1023), chance.randint(0, 9))
        for _ in range(chance.randint(0, most - 2))
    ]
    return [*points, *TWO]


def moons(count: int) -> str:
    """Two half circles that reach into one another."""
    chance, points = random.Random(1), []
    for n in range(count):
        angle, t = chance.uniform(0, math.pi), n % 2
        x, y = (math.cos(angle) - 0.5, math.sin(angle) - 0.25) if t == 0 else (0.5 - math.cos(angle), 0.25 - math.sin(angle))
        x, y = (round((0.6 * v + chance.gauss(0, 0.03) + 1) / 2 * 1023) for v in (x, y))
        points.append(Point(x, y, t))
    return encode(points)


def test_every_drawing_comes_back_as_it_was():
    chance = random.Random(0)
    for _ in range(100):
        points = some(chance)
        text = encode(points)
        assert len(text) == 4 * len(points) and decode(text) == points
        experiment = parse({"dataset": "points", "points": text})
        assert experiment.points == text and parse(differences(experiment)) == experiment  # a link
        assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment  # the store
        assert decode(points_file.read(to_csv(points).encode()).points) == points


def test_the_text_is_the_bits_that_are_written_down():
    assert encode([Point(0, 0, 0), Point(1023, 1023, 9), Point(512, 1, 3)]) == "AAAA___5gAAT"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at least two classes, else there is nothing to tell apart: there is no point yet."),
        (encode([Point(1, 2, 3)] * 7), "nothing to tell apart: all of these are of one."),
        ("AAAA___", "the whole text: 7 characters are no multiple of four, so a part of it is missing."),
        ("AAAA__+5", "four characters of A-Z, a-z, 0-9, - and _ for each"),
        ("AAAA<b>x", "four characters of A-Z"),
        ("AAAé", "four characters of A-Z"),
        ("@/etc/passwd", "four characters of A-Z"),  # a link reads no file
        (encode(TWO) * 251, "at most 500 points: these are 502, and a link could not carry more."),
        (encode([*TWO, Point(4, 4, 12)]), "classes from 0 to 9: point 3 is of class 12."),
    ],
)
def test_what_is_no_drawing_is_refused_in_a_sentence(text: str, why: str):
    with pytest.raises(SettingsError) as raised:
        parse({"dataset": "points", "points": text})
    (problem,) = raised.value.problems
    assert problem.startswith("points (--points) is ") and ": give " in problem and why in problem


def test_one_point_in_five_of_each_class_tests():
    points = some(random.Random(3))
    train, test = split(points)
    assert Counter(train) + Counter(test) == Counter(points)
    of = Counter(t for _, _, t in points)
    assert Counter(t for _, _, t in test) == {t: n // 5 for t, n in of.items() if n >= 5}
    few = [Point(n, n, n % 3) for n in range(12)]
    assert split(few) == (few, few)


def test_what_is_loaded_is_what_was_drawn():
    points = [*[Point(100 * n, 0, 0) for n in range(5)], Point(512, 1023, 2)]
    experiment = parse({"dataset": "points", "points": encode(points), "classes": 7, "batch_size": 64})
    data.check(experiment, data.facts_of(experiment))  # a drawing may be smaller than a batch
    loaded = load("points", points=encode(points))
    assert (loaded.facts.train, loaded.facts.test, loaded.facts.classes) == (5, 1, 3) and loaded.class_names == ("0", "1", "2")
    assert loaded.y_train.tolist() == [0, 0, 0, 0, 2] and loaded.y_test.tolist() == [0]
    assert loaded.x_test.numpy() == pytest.approx(np.array([[place(400), -1]]))
    assert load("points").facts == data.facts("points") != loaded.facts  # two drawings are two sets
    with pytest.raises(SettingsError, match="batch_size"):
        whole = parse({"dataset": "points", "points": encode(points), "drop_last": True})
        data.check(whole, data.facts_of(whole))


def test_bp_and_dfa_learn_two_moons_that_were_drawn():
    settings = {"dataset": "points", "points": moons(200), "rules": "bp,dfa", "num_hidden": 50, "learning_rate": 3e-3}
    trainer = Trainer(
        parse(
            settings
            | {
                "normalization": "channel",
                "batch_size": 32,
                "epochs": 150,
                "device": "cpu",
                "probe_size": 8,
                "measure_every": 10**6,
            }
        )
    )
    errors = {}
    for due in trainer:
        errors |= {record.run: record.value for record in due if record.metric == "test_error"}
    assert set(errors) == {0, 1} and max(errors.values()) <= 0.05


def test_a_class_of_one_point_and_ten_classes_train():
    points = [Point(100 * t + 20 * n, 50 * n, t) for t in range(9) for n in range(6)] + [Point(1000, 1000, 9)]
    trainer = Trainer(parse({"dataset": "points", "points": encode(points), "rules": "bp,dfa", "epochs": 2, "device": "cpu"}))
    found = [record for due in trainer for record in due]
    assert (
        all(record.value is not None and math.isfinite(record.value) for record in found) and trainer.data.facts.classes == 10
    )


def test_the_command_line_takes_a_file_and_says_what_is_wrong_with_it(tmp_path, monkeypatch):
    from dfa_lab.cli import train as cli_training

    taken: list[Experiment] = []

    def note(experiment: Experiment):
        taken.append(experiment)
        raise SettingsError(["enough"])

    monkeypatch.setattr(cli_training, "Trainer", note)
    file = tmp_path / "mine.csv"

    def run(*words: str) -> str:
        return CliRunner().invoke(main.app, ["train", "--dataset", "points", *words]).stderr

    file.write_text(to_csv(TWO))
    assert run("--points", f"@{file}") == (
        f"{file}: 2 points, in columns between commas: 'x' is x, 'y' is y and 'class' the class. Classes: 0, 9. "
        "Without points, but with an output of the network: 1, 2, 3, 4, 5, 6, 7, 8.\nenough\n"
    )
    assert decode(taken.pop().points) == TWO
    dashed = encode([Point(1000, 1000, 1), *TWO])
    assert dashed.startswith("-") and run("--points", dashed) == "enough\n" and taken.pop().points == dashed
    file.write_text("0,0,0\n9,9,1\n")
    assert "are moved and scaled to fit" in run("--points", f"@{file}") and f"--points {taken[0].points}" in command(
        taken.pop()
    )
    file.write_text("0,0,0\n1,1\n")
    assert "is '@" in (said := run("--points", f"@{file}")) and said.endswith("line 2 is '1,1'.\n")
    assert "No such file" in run("--points", f"@{tmp_path / 'none.csv'}") and "Is a directory" in run(
        "--points", f"@{tmp_path}"
    )
    file.write_bytes(b"\xff\xfe0")
    assert "a text file with x,y,class in each line" in run("--points", f"@{file}")
    assert not taken and point_text.MOST_POINTS == 500
