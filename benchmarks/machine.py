"""The machine that is measured, and what every benchmark does first and last: its memory set right, its figures reported."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from dfa_lab.machine.allocator import keep_memory

if os.environ.get("DFA_LAB_MEMORY") != "left":  # by epoch.py, which measures what it is worth
    keep_memory()  # as whoever starts the lab does
COLLECTED = "DFA_LAB_FIGURES"  # names the file in which run.py looks for a benchmark's figures


@dataclass(frozen=True)
class Figure:
    """One measured number. `target`: "≤ 0.92" or "≥ 0.9", as it is printed; `spread`: half the interquartile range of the
    measurements of which it is the median; `higher`: the higher the better, which a target says too."""

    name: str
    value: float
    unit: str = ""
    target: str = ""
    spread: float = 0.0
    higher: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is; None where there is none."""
        if not self.target:
            return None
        sign, bound = self.target.split()[:2]
        return self.value <= float(bound) if sign == "≤" else self.value >= float(bound)

    @property
    def rises(self) -> bool:
        """Whether more is better."""
        return self.higher or self.target.startswith("≥")


def figure(name: str, samples: Sequence[float], unit: str = "", target: str = "", higher: bool = False) -> Figure:
    """The median of several measurements."""
    spread = (quantiles(samples, n=4)[2] - quantiles(samples, n=4)[0]) / 2 if len(samples) > 1 else 0.0
    return Figure(name, median(samples), unit, target, spread, higher)


def processor() -> str:
    """The model of the CPU."""
    try:
        with Path("/proc/cpuinfo").open() as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def kind() -> str:
    """What may be compared with each other: processor, cores and GPU."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{processor()}, {os.cpu_count()} cores{gpu}"


def versions() -> str:
    found = [f"Python {platform.python_version()}", f"torch {torch.__version__}"]
    with suppress(PackageNotFoundError):  # what measures no page does not need it
        found.append(f"streamlit {version('streamlit')}")
    return ", ".join(found)


def describe() -> str:
    """Date, machine and versions in one line."""
    return f"{date.today()}, {kind()}, {torch.get_num_threads()} torch threads; {versions()}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float, unit: str = "") -> str:
    """A figure's value for a person: three digits, or all of what is before the point."""
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{text} {unit}".rstrip()


def report(figures: Sequence[Figure], quiet: bool = False) -> None:
    """Print them, unless the benchmark has a table of its own, and leave them to run.py if that has asked for them."""
    if not quiet:
        rows = [[one.name, number(one.value, one.unit), one.target] for one in figures]
        print(table(["figure", "median", "target"], rows), flush=True)
    if name := os.environ.get(COLLECTED):
        Path(name).write_text(json.dumps([asdict(one) for one in figures]), encoding="utf-8")
