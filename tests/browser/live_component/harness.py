"""A page that feeds the real live component with invented records; the tests press its buttons.

Query parameters: layers, seeds, state, points (records there at the start, in measurements), still (no ticking).
"""

import sys
from pathlib import Path

import numpy as np
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[3]))

from app.live import live, load_plotly

COLOURS = {"bp": "#0072B2", "fa": "#E69F00", "dfa": "#009E73"}
FINAL_ERROR = {"bp": 0.03, "fa": 0.055, "dfa": 0.045}
FINAL_ANGLE = {"bp": 0.0, "fa": 62.0, "dfa": 48.0}
STEPS_PER_MEASUREMENT = 20
OVERLAP = 3  # ticks

st.set_page_config(layout="wide")
options = st.query_params
layers = list(range(1, int(options.get("layers", 2)) + 1))
seeds = list(range(int(options.get("seeds", 1))))
runs = [{"name": rule, "rule": rule, "seed": seed, "colour": COLOURS[rule]} for rule in COLOURS for seed in seeds]


def measurement(experiment: int, number: int) -> list[tuple]:
    """All records of one measured step, the same at every call."""
    step = number * STEPS_PER_MEASUREMENT
    rows = []
    for run, its in enumerate(runs):
        noise = np.random.default_rng([experiment, number, run]).normal(size=3 + 2 * len(layers))
        rule = its["rule"]
        decay = np.exp(-step / 900) * (1 + 0.2 * experiment)
        error = FINAL_ERROR[rule] + 0.8 * decay
        rows.append((run, "train_loss", None, step, abs(2.2 * decay + 0.1 + (0.02 + 0.15 * decay) * noise[0])))
        rows.append((run, "train_error", None, step, float(np.clip(error - 0.01 + 0.015 * noise[1], 0, 1))))
        if number % 5 == 0:
            rows.append((run, "test_loss", None, step, 2.2 * decay + 0.14))
            rows.append((run, "test_error", None, step, min(0.9, error)))
        for layer in layers:
            target = FINAL_ANGLE[rule] - 6 * layer * (rule != "bp")
            angle = target + (90 - target) * decay * (rule != "bp") + (rule != "bp") * 1.5 * noise[2 + layer]
            undefined = rule == "fa" and number % 40 == 17
            rows.append((run, "signal_angle", layer, step, None if undefined else float(angle)))
            rows.append((run, "signal_angle_std", layer, step, 9.0 * (rule != "bp")))
            rows.append((run, "gradient_angle", layer, step, float(max(0, 0.9 * angle))))
        rows.append((run, "gradient_angle", layers[-1] + 1, step, 0.0))
        rows.append((run, "gradient_angle", None, step, 0.7 * FINAL_ANGLE[rule]))
    return rows


state = st.session_state
state.setdefault("experiment", 0)
state.setdefault("now", int(options.get("points", 1)))
state.setdefault("sent", [0])
state.setdefault("records", [])
state.setdefault("resyncs", 0)


def grow() -> None:
    measured = state.records[-1][3] // STEPS_PER_MEASUREMENT + 1 if state.records else 0
    for number in range(measured, state.now):
        state.records.extend(measurement(state.experiment, number))


def next_experiment() -> None:
    state.update(experiment=state.experiment + 1, now=1, sent=[0], records=[])


def lose_deltas() -> None:
    state.now += 30
    grow()
    state.sent = [len(state.records)]
    state.now += 1


def resend(have: int) -> None:
    state.resyncs += 1
    state.sent = [have]


def columns(start: int) -> dict:
    rows = state.records[start:]
    run, metric, layer, step, value = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 5
    epochs = [at / 230 for at in step]
    seconds = [at / 140 for at in step]
    names = {"from": start, "run": run, "metric": metric, "layer": layer, "step": step, "epoch": epochs}
    return names | {"seconds": seconds, "value": value}


SENTENCES = {
    "failed": "Stopped: the loss of dfa became NaN at step 120. A smaller learning rate helps.",
    "interrupted": "The server was restarted while this ran; the curves end where it stopped.",
}

load_plotly()
st.button("Next experiment", on_click=next_experiment)
st.button("Lose deltas", on_click=lose_deltas)
st.button("Rerun")


@st.fragment(run_every=None if "still" in options else 0.4)
def watch() -> None:
    if "still" not in options:
        state.now += 2
    grow()
    step = state.records[-1][3]
    status = {
        "state": options.get("state", "running"), "sentence": SENTENCES.get(options.get("state", ""), ""), "step": step,
        "steps": 4600, "epoch": step / 230, "epochs": 20, "rate": 52000.0, "left": 33.1, "device": "CPU (2 threads)",
    }  # fmt: skip
    view = {
        "experiment": f"experiment-{state.experiment}",
        "title": "MNIST · 784–256–256–10 · tanh",
        "status": status,
        "runs": runs,
        "layers": layers,
        "random_band": {str(layer): 5.7 for layer in layers},
        "definitions": {
            "signal_angle": "between the signal that the rule delivers and the true gradient; 90° is no relation.",
            "gradient_angle": "between the weight change of the rule and that of backpropagation.",
        },
        "records": columns(state.sent[0]),
    }
    live(view, key="watched", on_resync=resend)
    state.sent = [*state.sent, len(state.records)][-OVERLAP:]
    st.text(f"records on the server: {len(state.records)}, resyncs asked: {state.resyncs}")


watch()
