"""What watching costs: training steps a second with watchers against none, and the waits of a person.

    python benchmarks/live.py            (about eight minutes on two cores; --pictures: six more, for every picture alone)

The lab's server runs in this process; watchers are a process of their own that asks as a browser does (crowd.py, watchers.py):
one, which is what the default page costs the server, a class, and a full hall. With --pictures every picture alone, in one real
Chromium beside the training (panels.py). The waits are measured in a real Chromium, each against a server of its own.
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
import tomllib
import traceback
import urllib.request
from pathlib import Path

import crowd
import panels
from machine import Figure, describe, figure, report, table

ROOT = Path(__file__).resolve().parent.parent
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


def looked_at(port: int, repeats: int, seconds: float) -> None:
    """Print what every picture costs."""
    from app.shell.server import manager
    from dfa_lab.settings.parsing import parse

    browser, rows = chromium(), []
    if browser is None:
        print("No Chromium on this machine: the pictures are not measured.")
        return
    for dataset in ("digits", "spirals"):
        id = manager().start(parse({"dataset": dataset, "rules": "bp,fa,dfa", "epochs": 100_000}))
        while (status := manager().status(id)) is None or status.rate == 0:
            time.sleep(0.1)
        rows += panels.costs(port, browser, id, dataset == "spirals", repeats, crowd.steps_per_second, seconds)
        manager().stop(id)
    print(table(["looked at in one Chromium", "steps/s alone", "steps/s looked at", "cost"], rows), flush=True)


def waits(repeats: int) -> list[Figure]:
    """A fresh server each time, as `make run` starts it; then a person's first minute, in Chromium."""
    from playwright.sync_api import sync_playwright

    browser_path = chromium()
    if browser_path is None:
        print("No Chromium on this machine: the waits are not measured.")
        return []
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
                    page = browser.new_page(viewport={"width": 1400, "height": 900}, bypass_csp=True)
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
    figures = [
        figure("server up → page usable, status on screen", usable, "s", "≤ 3 s"),
        figure("server up → first chart drawn", drawn, "s"),
        figure("Start clicked → first points of it on screen", clicked, "s", "≤ 1.5 s"),
    ]
    print(table(["wait", "median", "target"], [[f.name, f"{f.value:.2f} s", f.target] for f in figures]), flush=True)
    return figures


def settings_of_the_lab() -> dict[str, object]:
    """Streamlit's settings as the lab has them: it looks for them beside the script that was started, which is this one."""
    with (ROOT / "app" / ".streamlit" / "config.toml").open("rb") as file:
        groups = tomllib.load(file)
    groups["server"]["disconnectedSessionTTL"] = crowd.GONE
    return {
        f"{group}.{name}": value for group, several in groups.items() for name, value in several.items() if group != "theme"
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=12, help="looks, with so many watching")
    parser.add_argument("--seconds", type=float, default=2.5, help="of one look, and of looking away")
    parser.add_argument("--watchers", default=",".join(map(str, crowd.COUNTS)), help="how many; some of these")
    parser.add_argument("--starts", type=int, default=5, help="servers that are started, for a person's waits; 0: none")
    parser.add_argument("--pictures", action="store_true", help="every picture alone too")
    given = parser.parse_args()
    counts = [int(count) for count in given.watchers.split(",")]
    if not set(counts) <= crowd.COUNTS.keys():
        parser.error(f"--watchers takes some of {', '.join(map(str, crowd.COUNTS))}")
    print(describe(), flush=True)
    figures = waits(given.starts) if given.starts else []
    port = free_port()

    def measure() -> None:
        try:
            wait_until_up(port)
            watched = crowd.watched_against_headless(port, counts, given.repeats, given.seconds)
            if given.pictures:
                looked_at(port, min(3, given.repeats), given.seconds)
            report([*figures, *watched], quiet=True)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["DFA_LAB_RUNS"] = folder
        threading.Thread(target=measure, daemon=True).start()
        from app.main import app

        app.run(config={**settings_of_the_lab(), "server.address": "localhost", "server.port": port, "server.headless": True})


if __name__ == "__main__":
    main()
