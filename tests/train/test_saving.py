"""What a net that was kept by an earlier lab goes on from."""

import torch

from dfa_lab.settings.parsing import parse
from dfa_lab.train.saving import LastingResults


def row(step: int, angle: float, **more: object) -> dict:
    angles = {"signal": {"1": angle, "2": 71.0}, "feedback": {"1": 90.0}}
    return {"epoch": step, "steps": step, "samples": step, "seconds": 0.1, "angles": angles, "measures": {}, **more}


def test_its_angles_that_are_known_to_be_wrong_are_left_out() -> None:
    """An earlier lab did not say when it had measured."""
    experiment = parse({"rules": "dfa"})
    state = {"step": 2, "latest": [[]], "sums": [{}], "samples": [{}]}
    for dated in (False, True):
        more = {"measured_at": {"signal": 2, "feedback": 2}} if dated else {}
        rows = [row(1, 89.0, **more), row(2, 90.0, **more)]
        results = LastingResults(experiment, torch.device("cpu")).restore(state, [rows])
        (run,) = results.summary()["runs"]
        assert run["angles"]["signal"] == {"1": [89.0, 90.0 if dated else None], "2": [71.0, 71.0]}
        assert run["angles"]["feedback"] == {"1": [90.0, 90.0] if dated else [None, None]}
