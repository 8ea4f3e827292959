"""Five things that a visitor comes for, each done in Chromium in the fewest clicks: clicks, keys and seconds.

    python benchmarks/tasks.py            (about a minute)

A server of its own is started. A click is a touch of what is in sight; keys are counted where something is typed. The seconds
are those of a script that knows the way, so they are the page's own. `ADDRESS` measures a lab that is running already.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from live import chromium, free_port, wait_until_up
from machine import describe, table

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parent.parent
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


class Hand:
    """What a visitor does, counted."""

    def __init__(self, page: "Page"):
        self.page, self.clicks, self.keys = page, 0, 0

    def click(self, target: "Locator") -> None:
        """Touch it, when it is there."""
        target.click()
        self.clicks += 1

    def button(self, name: str | re.Pattern[str]) -> None:
        """Touch the first button of this name."""
        self.click(self.page.get_by_role("button", name=name).first)

    def press(self, key: str) -> None:
        """Press a key, or several together."""
        self.page.keyboard.press(key)
        self.keys += 1


def change_depth(hand: Hand) -> None:
    """One more hidden layer, training."""
    field = hand.page.locator("[data-testid=stNumberInput]").filter(has=hand.page.get_by_label("Hidden layers", exact=True))
    hand.click(field.locator("[data-testid=stNumberInputStepUp]"))  # it begins by itself
    hand.page.get_by_text(re.compile("mlp 3×")).first.wait_for()


def compare_two_rates(hand: Hand) -> None:
    """Two trainings that differ in the learning rate, over each other."""
    for rate in ("0.002", "0.01"):
        field = hand.page.get_by_label("Learning rate", exact=True)
        hand.click(field)
        hand.press("Control+a")
        hand.page.keyboard.type(rate)
        hand.keys += len(rate)
        before = hand.page.url
        hand.press("Enter")  # it begins by itself
        hand.page.wait_for_function("url => location.href !== url && location.search.includes('experiment=')", arg=before)
        hand.page.locator(".dfa-status").wait_for()
        hand.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    hand.button(re.compile("Runs"))
    hand.click(hand.page.get_by_role("menuitem", name="Compare"))
    hand.page.get_by_text(re.compile(r"the latest \d+ experiments")).wait_for()  # nothing has to be chosen
    hand.page.locator(".dfa-panel .main-svg").first.wait_for()


def share_this_moment(hand: Hand) -> None:
    """A link to the Lab at a step that has passed."""
    hand.page.wait_for_function("window.__dfa_live?.points > 100")
    hand.button(re.compile("Moment"))
    hand.button("Step back")
    hand.page.wait_for_url("**at=**")
    hand.press("Escape")
    hand.button(re.compile("Share"))
    hand.page.get_by_text(re.compile("at=")).first.wait_for()


def lesson_three(hand: Hand) -> None:
    """The first step of lesson 3, on a phone."""
    named = hand.page.locator(".st-key-page_menu").get_by_role("link", name="Lessons")
    hand.page.get_by_role("button", name=re.compile("Start")).wait_for()
    if named.count():
        hand.click(named)
    else:
        hand.click(hand.page.locator("[data-testid=stExpandSidebarButton]"))
        hand.click(hand.page.locator("[data-testid=stSidebarNavLink]").filter(has_text="Lessons"))
    hand.button(re.compile("Begin lesson 3$"))
    hand.page.get_by_role("radiogroup").wait_for()


def why_layer_one_is_later(hand: Hand) -> None:
    """How the error reaches layer 1, with its angles."""
    hand.click(hand.page.locator(".dfa-open").last)
    hand.page.get_by_role("heading", level=1).filter(has_text="The path of the error").wait_for()
    hand.page.locator("[data-testid=stMainBlockContainer] svg text").first.wait_for()


TASKS: list[tuple[str, Callable[[Hand], None], dict[str, int]]] = [
    ("change the depth", change_depth, WIDE),
    ("compare two learning rates", compare_two_rates, WIDE),
    ("share this moment", share_this_moment, WIDE),
    ("find lesson 3 on a phone", lesson_three, PHONE),
    ("see why layer 1 aligns later", why_layer_one_is_later, WIDE),
]


def measured(address: str) -> list[list[str]]:
    """A row for each task, a new visitor each."""
    from playwright.sync_api import Error, sync_playwright

    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name, do, size in TASKS:
            page = browser.new_context(viewport={"width": size["width"], "height": size["height"]}, bypass_csp=True).new_page()
            page.set_default_timeout(15_000)
            page.goto(address)
            page.wait_for_function("window.__dfa_live?.firstDraw")
            hand, began = Hand(page), time.perf_counter()
            try:
                do(hand)
                took = f"{time.perf_counter() - began:.1f} s"
            except Error as error:
                took = f"not done: {str(error).splitlines()[0]}"
            rows.append([name, str(hand.clicks), str(hand.keys), took])
            print(*rows[-1], sep=", ", file=sys.stderr, flush=True)
            page.context.close()
        browser.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", default="", help="of a lab that is running; empty: one is started")
    address = parser.parse_args().address
    if chromium() is None:
        sys.exit("No Chromium on this machine, and the tasks are done in one: install it, for instance with apt-get.")
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        server, port = None, free_port()
        if not address:
            command = [sys.executable, "-m", "dfa_lab", "ui", "--port", str(port), "--runs", folder, "--no-browser"]
            server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until_up(port)
        try:
            print(table(["task", "clicks", "keys", "time"], measured(address or f"http://localhost:{port}")), flush=True)
        finally:
            if server:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
