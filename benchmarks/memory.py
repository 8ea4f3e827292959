"""What watching costs in memory: MB a minute in the browser and in the server while a page is left open.

    python benchmarks/memory.py          (ten minutes a page; Linux)

The lab's own server, one visitor in a real Chromium: on the default page, and on an experiment of one's own that trains
at 50 steps a second. Growth is the slope of a straight line through the samples after the first two minutes. The heap is
that of JavaScript after a collection; "browser" is the resident memory of all of Chromium's processes.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from live import FIRST_DRAW, ROOT, chromium, free_port, wait_until_up
from machine import describe, table

PAGES = {"the default page": "", "one's own experiment": "?num_hidden=100&epoch=100000&dataset=digits"}
SETTLED = 120  # seconds


def resident(pid: int) -> float:
    """Of a process and all below it, in MB."""
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


def slope(rows: list[tuple[float, ...]], column: int) -> float:
    """MB a minute, after the first two minutes."""
    late = [row for row in rows if row[0] >= SETTLED]
    return float(np.polyfit([row[0] / 60 for row in late], [row[column] for row in late], 1)[0])


def watch(query: str, minutes: float) -> list[tuple[float, ...]]:
    """Rows of (seconds, server MB, browser MB, heap MB)."""
    from playwright.sync_api import sync_playwright

    port, rows = free_port(), []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "dfa_lab", "ui", "--port", str(port), "--runs", folder, "--no-browser"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            wait_until_up(port)
            before = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            roots = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()} - before
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(f"http://localhost:{port}/{query}")
            page.wait_for_function(FIRST_DRAW)
            if query:
                page.get_by_role("button", name=re.compile("^Start")).click()
                page.wait_for_function("location.search.includes('experiment=')")
                page.get_by_role("button", name=re.compile("^Adjust")).click()
                page.locator("[data-testid=stSelectbox]", has_text="Speed").locator("input").click()
                page.get_by_role("option", name="50/s", exact=True).click()
                page.keyboard.press("Escape")
            developer = page.context.new_cdp_session(page)
            began = time.monotonic()
            while time.monotonic() - began < minutes * 60:
                page.wait_for_timeout(10_000)
                developer.send("HeapProfiler.collectGarbage")
                heap = developer.send("Runtime.getHeapUsage")["usedSize"] / 2**20
                rows.append((time.monotonic() - began, resident(server.pid), resident(min(roots)), heap))
            assert page.locator(".dfa-status[data-state=running], .dfa-status[data-state=finished]").count() == 1
            browser.close()
            server.terminate()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    given = parser.parse_args()
    print(describe(), flush=True)
    rows = []
    for name, query in PAGES.items():
        found = watch(query, given.minutes)
        for column, what in enumerate(("server", "browser", "JavaScript heap"), start=1):
            first, last = found[0][column], found[-1][column]
            rows.append([name, what, f"{first:.0f}", f"{last:.0f}", f"{slope(found, column):+.2f}", "< 1"])
    print(table(["page", "memory of", "MB at first", "MB at last", "MB/min after 2 min", "target"], rows), flush=True)


if __name__ == "__main__":
    main()
