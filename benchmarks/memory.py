"""What watching costs in memory: MB a minute in the browser and in the server while a page is left open.

    python benchmarks/memory.py          (twelve minutes a page; Linux)

The lab's own server and one visitor in a real Chromium, on the default page and on an experiment of one's own that trains
at 50 steps a second. No developer tools are attached meanwhile: they keep what a page has received. "Browser" is the
resident memory of all of Chromium's processes. A browser collects its garbage every few minutes only, by a hundred MB and
more at once, so what counts is where it comes down to: the least of the first five minutes after the second, and the least
of the five that follow; growth is their difference a minute.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from live import FIRST_DRAW, ROOT, chromium, free_port, wait_until_up
from machine import describe, table

PAGES = {"the default page": "", "one's own experiment": "?num_hidden=100&epoch=100000&dataset=digits"}
SETTLED = 2  # minutes


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


def growth(minutes: list[float]) -> float:
    """MB a minute, of where it comes down to after the first two minutes."""
    half = (len(minutes) - SETTLED) // 2
    return (min(minutes[SETTLED + half :]) - min(minutes[SETTLED : SETTLED + half])) / half


def visit(playwright: Any, debugging: int, address: str, query: str) -> None:
    """Open the page, begin an experiment if there is a query, and let go of the browser."""
    while True:
        try:
            driver = playwright.chromium.connect_over_cdp(f"http://localhost:{debugging}")
            break
        except Exception:  # it is still starting
            time.sleep(0.2)
    page = driver.contexts[0].pages[0]
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
    driver.close()


def watch(query: str, minutes: int) -> tuple[list[float], list[float]]:
    """The least resident memory of every minute, in MB: of the server and of the browser."""
    from playwright.sync_api import sync_playwright

    port, debugging, address = free_port(), free_port(), ""
    found: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile:
        command = [sys.executable, "-m", "dfa_lab", "ui", "--port", str(port), "--runs", folder, "--no-browser"]
        options = [f"--remote-debugging-port={debugging}", f"--user-data-dir={profile}", "--window-size=1400,900"]
        alone = [str(chromium()), "--headless=new", "--no-sandbox", *options, "about:blank"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            wait_until_up(port)
            address = f"http://localhost:{port}"
            with subprocess.Popen(alone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
                with sync_playwright() as playwright:
                    visit(playwright, debugging, address, query)
                for _ in range(minutes):
                    samples = []
                    for _ in range(12):
                        time.sleep(5)
                        samples.append((resident(server.pid), resident(browser.pid)))
                    for one, values in zip(found, zip(*samples, strict=True), strict=True):
                        one.append(min(values))
                browser.terminate()
            server.terminate()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=12)
    given = parser.parse_args()
    print(describe(), flush=True)
    rows = []
    for name, query in PAGES.items():
        for what, minutes in zip(("server", "browser"), watch(query, given.minutes), strict=True):
            rows.append([name, what, " ".join(f"{one:.0f}" for one in minutes), f"{growth(minutes):+.2f}", "< 1"])
    print(table(["page", "memory of", "least MB of each minute", "MB/min", "target"], rows), flush=True)


if __name__ == "__main__":
    main()
