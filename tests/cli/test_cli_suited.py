"""`train --suited`: the settings that suit the data set, asked for in words; without it nothing but the defaults."""

import json
from pathlib import Path

from tests.cli.test_cli import invoke, refusal

SHORT = ["--gradient", "bp", "--epoch", 1, "--device", "cpu"]


def settings(path: Path, *words: object) -> tuple[dict, str]:
    """What was trained, and what was said beside it."""
    result = invoke(*SHORT, *words, "--json", path)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(path.read_text())["settings"], result.stderr


def test_what_suits_is_taken_where_it_is_asked_for_and_said(tmp_path: Path) -> None:
    plain, said = settings(tmp_path / "plain.json", "--dataset", "xor")
    assert (plain["num_layers"], plain["num_hidden"], plain["batch_size"]) == (2, 100, 64) and "suit" not in said
    suited, said = settings(tmp_path / "suited.json", "--dataset", "XOR", "--suited", "--batchSize", 250)
    assert (suited["num_layers"], suited["num_hidden"], suited["batch_size"], suited["epochs"]) == (3, 16, 250, 1)
    assert said.startswith(
        "--suited stands for --num_layers 3 --num_hidden 16 --nonlin tanh --LR 0.003 --normalization channel."
    )
    quiet, said = settings(tmp_path / "quiet.json", "--dataset", "xor", "--suited", "--quiet", "--num_hidden", "9,8")
    assert (quiet["num_layers"], quiet["num_hidden"]) == (2, [9, 8]) and not said


def test_a_set_that_the_defaults_suit_is_trained_with_them(tmp_path: Path) -> None:
    digits, said = settings(tmp_path / "digits.json", "--suited")
    assert said.startswith("--suited changes nothing here.") and digits["num_layers"] == 2


def test_a_data_set_that_is_none_and_a_saved_run_are_refused() -> None:
    assert refusal("--suited", "--dataset", "spiral").startswith("dataset (--dataset) is 'spiral': give one of")
    assert refusal("--suited", "--load", "first").startswith("--suited is given with --load, and a saved run has settings")
