"""What every benchmark prints first, and how it prints its table."""

import os
import platform
from datetime import date
from pathlib import Path

import streamlit
import torch


def describe() -> str:
    """Date, machine and versions in one line."""
    model = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open() as file:
            model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, streamlit {streamlit.__version__}"
    return f"{date.today()}, {model}, {os.cpu_count()} cores, {torch.get_num_threads()} torch threads{gpu}; {versions}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
