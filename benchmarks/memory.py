"""What watching costs in memory: MB a minute in the browser and in the server while a page is left open.

    python benchmarks/memory.py          (twelve minutes a page; Linux)

The lab's own server and one visitor in a real Chromium, on the default page and on an experiment of one's own that trains
at 50 steps a second. "Browser" is the resident memory of all of Chromium's processes. A browser collects its garbage every few
minutes only, a hundred MB and more at once, so that where it stands says little: two minutes after the page was opened and at
the end it is told to collect, and growth is between what is left then. No developer tools are attached, as they keep what a
page has received: it is told over a connection that asks for nothing else.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live import FIRST_DRAW, ROOT, chromium, free_port, wait_until_up
from machine import describe, table
from websockets.sync.client import connect

PAGES = {"the default page": "", "one's own experiment": "?num_hidden=100&epoch=100000&dataset=digits"}
SETTLED = 2  # minutes


def resident(pid: int) -> float:
    """The memory of a process and all below it, in MB."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = (int(fields[1]), int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
            except OSError:  # it has ended
                continue
    family = {pid}
    while more := {child for child, (parent, _) in parents.items() if parent in family} - family:
        family |= more
    return sum(parents[one][1] for one in family if one in parents)


@contextmanager
def attached(playwright: Any, debugging: int) -> Iterator[Any]:
    """The browser's page, for a moment."""
    while True:
        try:
            driver = playwright.chromium.connect_over_cdp(f"http://localhost:{debugging}")
            break
        except Exception:  # it is still starting
            time.sleep(0.2)
    yield driver.contexts[0].pages[0]
    driver.close()


def visit(page: Any, address: str, query: str) -> None:
    """Open the page and begin an experiment if there is a query."""
    page.goto(f"{address}/{query}")
    page.wait_for_function(FIRST_DRAW)
    if query:
        page.get_by_role("button", name=re.compile("^Start")).click()
        page.wait_for_function("location.search.includes('experiment=')")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        page.get_by_role("button", name=re.compile("^Adjust")).click()
        page.locator("[data-testid=stSelectbox]", has_text="Speed").locator("input").click()
        page.get_by_role("option", name="50/s", exact=True).click()
        page.keyboard.press("Escape")


def collect(debugging: int) -> None:
    """Tell the browser's page to collect its garbage, twice: what the first time frees may hold more."""
    with urllib.request.urlopen(f"http://localhost:{debugging}/json") as listed:
        page = next(one for one in json.load(listed) if one["type"] == "page")
    with connect(page["webSocketDebuggerUrl"]) as socket:
        for number in (1, 2):
            socket.send(json.dumps({"id": number, "method": "HeapProfiler.collectGarbage"}))
            while json.loads(socket.recv()).get("id") != number:
                pass


def watch(query: str, minutes: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Resident memory of (server, browser) in MB: the least of every minute, and after garbage was collected, twice."""
    from playwright.sync_api import sync_playwright

    port, debugging = free_port(), free_port()
    least, collected = [], []
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        command = [sys.executable, "-m", "dfa_lab", "ui", "--port", str(port), "--runs", folder, "--no-browser"]
        options = [f"--remote-debugging-port={debugging}", f"--user-data-dir={profile}", "--window-size=1400,900"]
        alone = [str(chromium()), "--headless=new", "--no-sandbox", *options, "about:blank"]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server_alone = {**os.environ, "DFA_LAB_RESTARTS": "0"}  # in the process that is looked at
        with subprocess.Popen(command, cwd=ROOT, env=server_alone, **quiet) as server:
            wait_until_up(port)
            with subprocess.Popen(alone, **quiet) as browser:
                with attached(playwright, debugging) as page:
                    visit(page, f"http://localhost:{port}", query)
                for minute in range(1, minutes + 1):
                    samples = []
                    for _ in range(12):
                        time.sleep(5)
                        samples.append((resident(server.pid), resident(browser.pid)))
                    least.append(tuple(map(min, zip(*samples, strict=True))))
                    if minute in (SETTLED, minutes):
                        collect(debugging)
                        time.sleep(2)
                        collected.append((resident(server.pid), resident(browser.pid)))
                browser.terminate()
            server.terminate()
    return least, collected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=12)
    given = parser.parse_args()
    print(describe(), flush=True)
    rows = []
    for name, query in PAGES.items():
        least, collected = watch(query, given.minutes)
        for place, what in enumerate(("server", "browser")):
            first, last = (one[place] for one in collected)
            every = " ".join(f"{one[place]:.0f}" for one in least)
            growth = (last - first) / (given.minutes - SETTLED)
            rows.append([name, what, every, f"{first:.0f}", f"{last:.0f}", f"{growth:+.2f}", "< 1"])
    head = ["page", "memory of", "least MB of each minute", f"after {SETTLED} minutes, collected", "at the end, collected"]
    print(table([*head, "MB/min", "target"], rows), flush=True)


if __name__ == "__main__":
    main()
