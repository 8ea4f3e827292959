"""The lab as a person starts it for the first time."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from app import launch
from tests.browser.conftest import free_port, healthy
from tests.runs.patience import until

ROOT = Path(__file__).parents[1]


# What a server that has ended had been: its settings, its folders, and what was ready though nobody had visited it.
SITE = """
import atexit, gc, json, os, sys

def tell():
    from streamlit import config
    from app.charts import plotly_script
    their_own = ("server.port", "browser.serverPort", "server.headless", "server.cookieSecret")  # drawn at random
    options = {name: config.get_option(name) for name in config.get_config_options() if name not in their_own}
    folders = {name: value for name, value in os.environ.items() if name.startswith("DFA_LAB_")}
    warm = [plotly_script.packed.cache_info().currsize, "pandas" in sys.modules, "torch" in sys.modules]
    warm.append(gc.get_freeze_count() > 100_000)  # what the search for garbage leaves out
    told = {"options": options, "folders": folders, "warm": warm}
    with open("told.json", "w") as file:
        json.dump(told, file, default=str)

if sys.argv[0] != "-c":  # not one of its processes
    atexit.register(tell)
"""


def told(folder: Path, *command: str) -> dict[str, Any]:
    """What a server started in this folder says of itself when it has ended, and what it had answered."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    (folder / ".streamlit").mkdir()
    theirs = "[server]\naddress = '0.0.0.0'\n[runner]\npostScriptGC = true\n"  # of another program that is at home here
    (folder / ".streamlit" / "config.toml").write_text(theirs, encoding="utf-8")
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DFA_LAB_", "DISPLAY", "WAYLAND"))}
    environment |= {"HOME": str(folder), "BROWSER": "true"}
    environment |= {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "DFA_LAB_MODELS": "nets"}
    (folder / "nets").mkdir()
    arguments = [sys.executable, "-m", *(word.replace("PORT", str(port)) for word in command)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(arguments, cwd=folder, env=environment, **pipes) as lab:
        try:
            until(lambda: healthy(f"http://localhost:{port}") or lab.poll() is not None, "the lab answers")
            answers = [answer(f"http://localhost:{port}/{path}") for path in ("", "plotly.js", "live/none?have=0")]
        finally:
            lab.send_signal(signal.SIGINT)  # Ctrl+C; after SIGTERM nothing would be told
            said = lab.communicate(timeout=120)[0]
    assert (folder / "told.json").is_file(), said
    here = json.loads((folder / "told.json").read_text().replace(str(folder), "HERE"))
    assert "Email" not in said and f":{port}" in said, said
    return here | {"answers": answers, "keeps": (folder / "runs" / "runs.sqlite").is_file()}


def answer(address: str) -> tuple[int, str | None, bytes]:
    with urllib.request.urlopen(address, timeout=120) as response:
        return response.status, response.headers.get("Content-Type"), response.read()


def test_the_first_start_asks_nothing_and_both_launchers_give_the_same_server(tmp_path: Path) -> None:
    """From a folder that is not the project's: the settings, the warm-up, the routes, and where experiments are kept.

    Without --no-browser, and in a home where Streamlit has never been: it would ask for an e-mail address.
    """
    one = told(tmp_path / "streamlit", "streamlit", "run", str(ROOT / "app" / "main.py"), "--server.port=PORT")
    other = told(tmp_path / "ui", "dfa_lab", "ui", "--port=PORT")
    assert one == other
    assert one["options"]["runner.postScriptGC"] is False and one["options"]["server.address"] == "localhost"
    assert one["folders"] == {"DFA_LAB_RUNS": "HERE/runs", "DFA_LAB_DATA": "HERE/Datasets", "DFA_LAB_MODELS": "HERE/nets"}
    assert one["warm"] == [1, True, True, True]
    assert one["keeps"] and one["answers"][1][1] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("address", ["", None, "0.0.0.0", "localhost"])
def test_this_computer_finds_the_page_wherever_it_listens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.address": address, "server.port": 8600}
    monkeypatch.setattr(launch.config, "get_option", lambda name, of=launch.config.get_option: options.get(name, of(name)))
    lab = launch._own_address()
    assert lab.startswith("http://localhost:8600")
    assert launch.identity.shared() is (address != "localhost")
    assert f"{lab}/administrator?token=" in launch.about_sharing(lab)
    assert "another computer" not in launch.about_sharing(lab)
    monkeypatch.setenv(launch.hosts.VARIABLE, "*.example.org, lab.example.org")
    assert f"On another computer write lab.example.org for {lab.removeprefix('http://')} in it." in launch.about_sharing(lab)


@pytest.mark.parametrize("headless, screen, opened", [(False, ":0", 1), (True, ":0", 0), (False, "", 0)])
def test_the_page_is_opened_where_that_was_asked_for_and_is_possible(
    headless: bool, screen: str, opened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    options = {"server.headless": headless, "server.address": "0.0.0.0"}
    monkeypatch.setattr(launch, "settle_folders", lambda: None)
    monkeypatch.setattr(launch, "_warm_up", lambda: None)
    monkeypatch.setattr(launch, "SOON", 0)
    monkeypatch.setattr(launch.cli_util, "open_browser", shown.append)
    monkeypatch.setattr(launch.config, "get_option", lambda name, of=launch.config.get_option: options.get(name, of(name)))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    async def start() -> None:
        async with launch.lifespan(st.App("none.py")):
            await asyncio.sleep(0.01)

    with ThreadPoolExecutor() as beside:  # Playwright keeps a loop running in this thread
        beside.submit(lambda: asyncio.run(start())).result()
    assert len(shown) == opened and all(address.startswith("http://localhost:") for address in shown)
