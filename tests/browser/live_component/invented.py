"""An experiment that never was, for the live component: its records are the same at every call."""

import numpy as np

from app.live.message import of_rule
from dfa_lab.records import DRAWN

COLOURS = {"bp": "#0072B2", "fa": "#E69F00", "dfa": "#009E73"}
FINAL_ERROR = {"bp": 0.03, "fa": 0.055, "dfa": 0.045}
FINAL_ANGLE = {"bp": 0.0, "fa": 62.0, "dfa": 48.0}
STEPS_PER_MEASUREMENT = 20
SENTENCES = {
    "failed": "Stopped: the loss of dfa became NaN at step 120. A smaller learning rate helps.",
    "interrupted": "The server was restarted while this ran; the curves end where it stopped.",
}
METRICS = ["train_loss", "train_error", "test_loss", "test_error", "signal_angle", "signal_angle_std", "gradient_angle"]
METRICS += ["signal_angle_chance"]
CHANCE = {"fa": 4.25, "dfa": 3.75}


class Invented:
    """Measured `points` times at first, and twice more whenever it is asked, unless it is `still`."""

    def __init__(self, number: int, layers: int, seeds: int, points: int, state: str, still: bool) -> None:
        self.number, self.state, self.still, self.fails = number, state, still, False
        self.layers = list(range(1, layers + 1))
        self.runs = [
            {"name": rule, "rule": rule, "seed": seed, "colour": COLOURS[rule]} for rule in COLOURS for seed in range(seeds)
        ]
        self.records: list[tuple] = []
        self.grow(points)

    def grow(self, measurements: int) -> None:
        measured = self.records[-1][3] // STEPS_PER_MEASUREMENT + 1 if self.records else 0
        for point in range(measured, measured + measurements):
            self.records.extend(self._measurement(point))

    def _measurement(self, point: int) -> list[tuple]:
        step = point * STEPS_PER_MEASUREMENT
        rows = []
        for run, its in enumerate(self.runs):
            noise = np.random.default_rng([self.number, point, run]).normal(size=3 + 2 * len(self.layers))
            rule = its["rule"]
            decay = np.exp(-step / 900) * (1 + 0.2 * self.number)
            error = FINAL_ERROR[rule] + 0.8 * decay
            rows.append((run, "train_loss", None, step, abs(2.2 * decay + 0.1 + (0.02 + 0.15 * decay) * noise[0])))
            rows.append((run, "train_error", None, step, float(np.clip(error - 0.01 + 0.015 * noise[1], 0, 1))))
            if point % 5 == 0:
                rows.append((run, "test_loss", None, step, 2.2 * decay + 0.14))
                rows.append((run, "test_error", None, step, min(0.9, error)))
            if point == 0 and rule != "bp":
                rows += [(run, "signal_angle_chance", layer, step, CHANCE[rule]) for layer in self.layers]
            for layer in self.layers:
                target = FINAL_ANGLE[rule] - 6 * layer * (rule != "bp")
                angle = target + (90 - target) * decay * (rule != "bp") + (rule != "bp") * 1.5 * noise[2 + layer]
                undefined = rule == "fa" and point % 40 == 17
                rows.append((run, "signal_angle", layer, step, None if undefined else float(angle)))
                rows.append((run, "signal_angle_std", layer, step, 9.0 * (rule != "bp")))
                rows.append((run, "gradient_angle", layer, step, float(max(0, 0.9 * angle))))
            rows.append((run, "gradient_angle", self.layers[-1] + 1, step, 0.0))
            rows.append((run, "gradient_angle", None, step, 0.7 * FINAL_ANGLE[rule]))
        return rows

    def moving(self) -> dict:
        step = self.records[-1][3] if self.records else 0
        status = {
            "state": self.state, "sentence": SENTENCES.get(self.state, ""), "step": step, "steps": 4600, "epoch": step / 230,
            "epochs": 20, "rate": 52000.0, "left": 33.1, "device": "CPU (2 threads)",
        }  # fmt: skip
        return {"around": f"{self.number} {self.state}", "status": status, "layers": self.layers, "probe": 128}

    def view(self) -> dict:
        """What Streamlit tells the chart."""
        return self.moving() | {
            "experiment": f"experiment-{self.number}",
            "title": "MNIST · 784–256–256–10 · tanh",
            "note": "",
            "runs": self.runs,
            "rules": {rule: of_rule(rule) for rule in COLOURS},
            "definitions": {
                "signal_angle": "between the signal that the rule delivers and the true gradient; 90° is no relation.",
                "gradient_angle": "between the weight change of the rule and that of backpropagation.",
            },
            "metrics": METRICS,
            "measures": DRAWN,
        }

    def answer(self, have: int) -> dict:
        """What the route answers."""
        if self.fails:
            self.state, self.still = "failed", True
        if not self.still:
            self.grow(2)
        rows = self.records[have:]
        run, metric, layer, step, value = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 5
        columns = {"from": have, "run": run, "metric": [METRICS.index(name) for name in metric], "layer": layer, "step": step}
        columns |= {"epoch": [at / 230 for at in step], "seconds": [at / 140 for at in step], "value": value}
        return self.moving() | {"records": [columns] if rows else [], "every": 150, "list": 1}


ALL: dict[str, Invented] = {}
