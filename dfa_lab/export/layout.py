"""The layout of an exported zip: its files, what each is, and how large each may be when somebody else's is read."""

import re

FORMAT = "dfa-lab-export"
VERSION = 1  # of the layout; a reader refuses what is newer than itself
MANIFEST = "manifest.json"
README = "README.txt"
EXPERIMENT = "experiment.json"
COMMAND = "command.txt"
CSV = "records.csv"
PARQUET = "records.parquet"
STATE = "state.safetensors"
SCRIPT = "reproduce.py"
REPORT = "report.html"
CURVES = "curves.png"

ABOUT = {  # in the order of the zip
    README: "what each file is",
    EXPERIMENT: "settings, versions, name, note, tags, state and what happened while it ran; times in seconds since 1970",
    COMMAND: "the command line and the link that train it again in the lab",
    SCRIPT: "trains it again with PyTorch alone: one file, no lab; its losses are the same but for rounding",
    REPORT: "settings, figures and curves as one page; opens without a network, and prints",
    CURVES: "the curves as a picture",
    CSV: "every measured value, a row each: columns below",
    PARQUET: "the same as records.csv, for pandas, R or DuckDB",
    STATE: "weights, feedback and optimiser of all runs at one step, from which the lab goes on",
}
WEIGHTS = re.compile(r"weights/(\d{1,3})-([a-z0-9_]{1,40})-seed(\d{1,10})\.safetensors")
EVENTS = re.compile(r"tensorboard/([a-z0-9_]{1,40})-seed(\d{1,10})/events\.out\.tfevents\.0000000000\.dfa-lab")
ABOUT_EVENTS = "the records of {rule}, seed {seed}, for tensorboard --logdir tensorboard"
ABOUT_WEIGHTS = "weights and feedback of run {run}: {rule}, seed {seed}, after step {step}"

MEGABYTE = 10**6
LARGEST = {  # bytes of a file, unpacked
    MANIFEST: MEGABYTE,
    README: MEGABYTE,
    EXPERIMENT: 20 * MEGABYTE,
    COMMAND: MEGABYTE,
    SCRIPT: MEGABYTE,
    REPORT: 100 * MEGABYTE,
    CURVES: 50 * MEGABYTE,
    CSV: 400 * MEGABYTE,
    PARQUET: 400 * MEGABYTE,
    STATE: 2000 * MEGABYTE,
}
LARGEST_WEIGHTS = 1000 * MEGABYTE
LARGEST_EVENTS = 400 * MEGABYTE
MOST_FILES = 100  # two for each of 32 runs, and some
LARGEST_IN_ALL = 4000 * MEGABYTE


def weights_name(run: int, rule: str, seed: int) -> str:
    """The file of a run's weights; `run` is its place in Experiment.runs()."""
    return f"weights/{run:02d}-{rule}-seed{seed}.safetensors"


def largest(name: str) -> int:
    """Bytes that the file may have; 0 for what is no file of an export."""
    if EVENTS.fullmatch(name):
        return LARGEST_EVENTS
    return LARGEST_WEIGHTS if WEIGHTS.fullmatch(name) else LARGEST.get(name, 0)
