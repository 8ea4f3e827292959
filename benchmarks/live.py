"""What watching costs: training steps a second with three watchers against none, and the waits of a person.

    python benchmarks/live.py            (about eight minutes on two cores)

The lab's server runs in this process; watchers are a process of their own that speaks Streamlit's protocol
(watchers.py). Both conditions alternate on the same running experiment; medians and their ratio are printed.
Then every picture alone, in one real Chromium beside the training (panels.py). The waits are measured in a real
Chromium, against a server of its own.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from statistics import median

import panels
import streamlit as st
from machine import describe, table

ROOT = Path(__file__).resolve().parent.parent
CASES = {"digits, mlp 2×100, 3 rules": {"num_hidden": 100}, "digits, mlp 2×800, 3 rules": {"num_hidden": 800}}
FIRST_DRAW = "window.__dfa_live?.firstDraw"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def wait_until_up(port: int) -> None:
    while True:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.02)


def steps_per_second(id: str, seconds: float) -> float:
    from app.engine import manager

    before, began = manager().status(id), time.perf_counter()
    time.sleep(seconds)
    after, ended = manager().status(id), time.perf_counter()
    assert before and after and after.state == "running"
    return (after.step - before.step) / (ended - began)


def watched_against_headless(port: int, repeats: int, seconds: float) -> None:
    """In a thread beside the server: print the table and end the process."""
    from app.engine import manager
    from dfa_lab.parsing import parse

    wait_until_up(port)
    rows = []
    for name, settings in CASES.items():
        id = manager().start(parse({"dataset": "digits", "rules": "bp,fa,dfa", "epochs": 100_000, **settings}))
        while (status := manager().status(id)) is None or status.rate == 0:
            time.sleep(0.1)
        alone, watched = [], []
        for _ in range(repeats):
            alone.append(steps_per_second(id, seconds))
            command = [
                sys.executable,
                str(ROOT / "benchmarks" / "watchers.py"),
                f"ws://localhost:{port}/_stcore/stream",
                id,
                "3",
            ]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watchers:
                assert watchers.stdout and watchers.stdout.readline() == "ready\n"
                time.sleep(1)
                watched.append(steps_per_second(id, seconds))
                watchers.kill()
        manager().stop(id)
        ratio = median(w / a for a, w in zip(alone, watched, strict=True))
        rows.append([name, f"{median(alone):.0f}", f"{median(watched):.0f}", f"{ratio:.2f}", "≥ 0.90"])
    print(
        table(["experiment", "steps/s alone", "steps/s with 3 watchers", "ratio (median of pairs)", "target"], rows), flush=True
    )


def looked_at(port: int, repeats: int, seconds: float) -> None:
    """Print what every picture costs."""
    from app.engine import manager
    from dfa_lab.parsing import parse

    browser, rows = chromium(), []
    if browser is None:
        print("No Chromium on this machine: the pictures are not measured.")
        return
    for dataset in ("digits", "spirals"):
        id = manager().start(parse({"dataset": dataset, "rules": "bp,fa,dfa", "epochs": 100_000}))
        while (status := manager().status(id)) is None or status.rate == 0:
            time.sleep(0.1)
        rows += panels.costs(port, browser, id, dataset == "spirals", repeats, steps_per_second, seconds)
        manager().stop(id)
    print(table(["looked at in one Chromium", "steps/s alone", "steps/s looked at", "cost"], rows), flush=True)


def waits(repeats: int) -> None:
    """A fresh server each time, as `make run` starts it; then a person's first minute, in Chromium."""
    from playwright.sync_api import sync_playwright

    browser_path = chromium()
    if browser_path is None:
        print("No Chromium on this machine: the waits are not measured.")
        return
    usable, drawn, clicked = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for _ in range(repeats):
            port = free_port()
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", "dfa_lab", "ui", "--port", str(port), "--runs", folder, "--no-browser"]
                with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
                    wait_until_up(port)
                    began = time.perf_counter()
                    page = browser.new_page(viewport={"width": 1400, "height": 900})
                    page.goto(f"http://localhost:{port}")
                    start = page.get_by_role("button", name=re.compile("^Start"))
                    start.wait_for()
                    page.wait_for_selector(".dfa-status[data-state=running]")
                    usable.append(time.perf_counter() - began)
                    page.wait_for_function(FIRST_DRAW)
                    drawn.append(time.perf_counter() - began)
                    page.wait_for_timeout(2000)
                    began = time.perf_counter()
                    start.click()
                    page.wait_for_function(
                        "() => window.__dfa_live.drawn && location.search.includes(`experiment=${window.__dfa_live.drawn}`)",
                        polling=20,
                    )
                    clicked.append(time.perf_counter() - began)
                    page.close()
                    server.terminate()
        browser.close()
    rows = [
        ["server up → page usable, status on screen", f"{median(usable):.2f} s", "≤ 3 s"],
        ["server up → first chart drawn", f"{median(drawn):.2f} s", ""],
        ["Start clicked → first points of it on screen", f"{median(clicked):.2f} s", "≤ 1.5 s"],
    ]
    print(table(["wait", "median", "target"], rows), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    given = parser.parse_args()
    print(describe(), flush=True)
    waits(given.repeats)
    sys.path.insert(0, str(ROOT))
    port = free_port()

    def measure() -> None:
        try:
            watched_against_headless(port, given.repeats, given.seconds)
            looked_at(port, min(3, given.repeats), given.seconds)
        finally:
            os._exit(0)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["DFA_LAB_RUNS"] = folder
        threading.Thread(target=measure, daemon=True).start()
        st.App(ROOT / "app" / "main.py").run(config={"server.port": port, "server.headless": True})


if __name__ == "__main__":
    main()
