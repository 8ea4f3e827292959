"""A server that several people use: a visitor's experiment is theirs, others watch and get copies, and one keeps it all."""

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from dfa_lab.runs.store.store import Store
from tests.browser.conftest import MAIN
from tests.browser.test_lab import IDLE, set_speed

TOKEN = "a token of this test's own"
STATE = "document.querySelector('.dfa-status')?.textContent ?? ''"


def another_person(page) -> None:
    """From now on the browser is one that has never been here."""
    page.context.clear_cookies()


def press(page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{name}")).first.click()


def id_of(page) -> str:
    page.wait_for_function("location.search.includes('experiment=')")
    (id,) = re.findall(r"experiment=(\w+)", page.url)
    return id


def test_everybody_owns_what_they_begin(open_page: Callable, serve: Callable, tmp_path: Path):
    (tmp_path / "token").write_text(TOKEN)
    environment = {
        "DFA_LAB_SHARED": "1",
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
        "DFA_LAB_RUNS": str(tmp_path / "runs"),
        "DFA_LAB_ADMIN_TOKEN_FILE": str(tmp_path / "token"),
    }
    lab = serve(MAIN, environment=environment)
    page = open_page(f"{lab}/_stcore/health")
    another_person(page)
    page.goto(f"{lab}/?epochs=5000")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(lab)}
    assert cookies["dfa_lab_visitor"]["httpOnly"] and cookies["dfa_lab_visitor"]["sameSite"] == "Lax"
    page.get_by_role("textbox", name=re.compile("Learning rate")).first.wait_for()
    assert page.get_by_text("Data folder").count() == 0  # a folder of the server's is nothing for a visitor
    press(page, "Start")
    theirs = id_of(page)
    page.wait_for_function(f"/Step\\s*[1-9]/.test({STATE})")
    assert page.get_by_text("you are watching").count() == 0
    set_speed(page, "15/s")  # it goes on through all that follows, and at full speed would keep the server from answering
    page.wait_for_selector(IDLE)

    another_person(page)
    page.goto(f"{lab}/?experiment={theirs}")
    page.get_by_text(re.compile("This is an experiment of visitor [0-9a-f]{4}: you are watching")).first.wait_for()
    press(page, "Pause")
    page.wait_for_function(f"location.search.includes('experiment=') && !location.search.includes('{theirs}')")
    copy = id_of(page)
    page.get_by_role("button", name=re.compile("^Resume")).wait_for()
    page.goto(f"{lab}/experiments")
    page.get_by_text("2 experiments").wait_for()
    page.get_by_text("Mine", exact=True).click()
    page.get_by_text("1 experiment ").wait_for()
    page.get_by_role("textbox", name="Your name here").fill("Bo")
    page.get_by_role("textbox", name="Your name here").press("Enter")
    page.get_by_text("Others see you as Bo").wait_for()
    press(page, "Import")
    zip = {"name": "mine.zip", "mimeType": "application/zip", "buffer": bytes(2_000_000)}  # too large for the memory
    page.locator("input[type=file]").set_input_files(zip)  # type: ignore[arg-type]
    page.get_by_test_id("stPopoverBody").get_by_role("button", name=re.compile("^Import")).click()
    page.get_by_text("mine.zip: This is not a zip file").wait_for()
    page.goto(f"{lab}/server")
    page.get_by_text("That is for whoever keeps this server").wait_for()
    assert page.get_by_text("Being trained").count() == 0

    page.goto(f"{lab}/administrator?token={TOKEN.replace(' ', '%20')}")
    page.get_by_role("heading", name="Server").wait_for()
    page.get_by_role("heading", name="Being trained").wait_for()
    page.get_by_text("Visitors", exact=True).wait_for()
    page.goto(f"{lab}/?experiment={theirs}")
    press(page, "Pause")
    page.get_by_role("button", name=re.compile("^Resume")).wait_for()
    assert theirs in page.url  # the administrator's own hand, and no copy

    page.goto(f"{lab.replace('localhost', socket.gethostname())}/lessons?lesson=what-is-dfa&step=2")
    press(page, "Share")  # by a name that phones may know too
    page.wait_for_function("document.querySelector('img[alt^=QR]')?.naturalWidth > 50")
    assert page.get_by_text("Phones cannot open these links").count() == 0

    store = Store(tmp_path / "runs")
    owners = {one.id: one.owner for one in store.experiments(demos=False)}
    assert owners.keys() == {theirs, copy} and len(set(owners.values())) == 2 and all(owners.values())
    assert "Bo" in {name for (name,) in store.rows("SELECT name FROM visitors")}
    store.close()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{lab}/administrator?token=guessed", timeout=60)
