"""What `dfa-lab ui`, `make run` and `streamlit run app/main.py` share: all that is slow is done before the server answers."""

import asyncio
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import uvicorn
from streamlit import cli_util, config
from streamlit.web import cli
from streamlit.web.server import server_util

from app.bar import transport  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.charts import plotly_script
from app.form import settings_form  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.live import live_chart  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.shell import administrator, identity, open_files
from app.shell.server import manager
from dfa_lab.machine import runs_folder
from dfa_lab.runs.manager import Manager

PATIENCE = 20  # seconds; then the page opens all the same
MAIN = Path(__file__).with_name("main.py")
# variable: where it is not set
FOLDERS = {
    runs_folder.VARIABLE: runs_folder.DEFAULT,
    "DFA_LAB_DATA": "Datasets",
    "DFA_LAB_MODELS": "",
    administrator.VARIABLE: "",
}
SOON = 0.2  # seconds after which the server answers
PARTING = 2  # seconds that open connections may take to close when the server stops


def serve(port: int, address: str, browser: bool) -> None:
    """Run the lab until it is stopped, on the folder of runs of this process; `browser`: open the page in one."""
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={'false' if browser else 'true'}"]
    sys.argv = ["streamlit", "run", str(MAIN), *options]
    cli.main()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """What surrounds the answering of the server, however it was started."""
    settle_folders()
    open_files.allow_many()
    open_files.say_when_there_are_no_more(asyncio.get_running_loop())
    mine = _warm_up()
    _stop_cleanly()
    if identity.shared():
        print(about_sharing(_own_address()), flush=True)
    if not config.get_option("server.headless") and _has_screen():
        asyncio.get_running_loop().call_later(SOON, cli_util.open_browser, _own_address())
    try:
        yield
    finally:
        if mine is not None:
            await asyncio.to_thread(mine.close)


def _stop_cleanly() -> None:
    """Let SIGTERM and SIGINT end the server as uvicorn does, but without being raised once more when it has ended.

    That would end the process with the signal, before what is left to do. A second SIGINT does not wait.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not isinstance(server, uvicorn.Server):
        return
    server.config.timeout_graceful_shutdown = PARTING

    def stop(number: int, _: object) -> None:
        server.force_exit = server.should_exit and number == signal.SIGINT
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def settle_folders() -> None:
    """Make the folders of the environment absolute: they are said where the server was started."""
    for variable, default in FOLDERS.items():
        if folder := os.environ.get(variable) or default:
            os.environ[variable] = str(Path(folder).resolve())


def _warm_up() -> Manager | None:
    """Bring the demonstration under way, which imports much, and pack plotly.js: once, while nobody waits yet."""
    mine = manager()
    demo = mine.demo()
    plotly_script.address()
    importlib.import_module("pandas")  # streamlit imports it with the first chart or form
    until = time.monotonic() + PATIENCE
    while (status := mine.status(demo)) and status.state == "loading" and time.monotonic() < until:
        time.sleep(0.02)
    return mine


def about_sharing(lab: str) -> str:
    """What visitors of a shared server may do, what not, and how to change it; `lab`: where this computer finds the page."""
    link = f"{administrator.PATH}?token=… with the token of your file"
    change = f"at {lab}/{link}" if administrator.own_token() else f"by this link, which works once: {administrator.link(lab)}"
    return (
        "\n  This server is shared: whoever opens it can look at everything, and owns what they begin.\n"
        "  They cannot change what is others', name files or folders of this computer, download to it or free its space.\n"
        f"  You can, and you can close the server for new experiments, {change}\n"
    )


def _has_screen() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _own_address() -> str:
    """Where a browser on this computer finds the page."""
    address = config.get_option("server.address") or "localhost"  # of one that listens everywhere
    return server_util.get_url(server_util.get_display_address(address))
