"""What `dfa-lab ui`, `make run` and `streamlit run app/main.py` share: all that is slow is done before the server answers."""

import asyncio
import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
import uvicorn
from streamlit import cli_util, config
from streamlit.web import cli
from streamlit.web.server import server_util

from app.bar import transport  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.charts import plotly_script
from app.doors import connections, descriptors, hosts
from app.form import settings_form  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.live import live_chart  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.people import administrator, identity, login, login_key, login_proxy, socket_peer
from app.shell import departed
from app.shell.server import manager
from dfa_lab.machine import runs_folder, supervising
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
UNSEEN = "--login-header: whence a visitor comes cannot be seen in this server. Start it with `dfa-lab ui` or `streamlit run`."
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
    descriptors.raise_limit()
    asyncio.get_running_loop().set_exception_handler(descriptors.in_loop)
    if (server := _server()) is not None:
        connections.guard(server)
        socket_peer.note(server)
    elif login_proxy.proxy():
        raise login_key.LoginError(UNSEEN)
    mine = _warm_up()
    if server is not None:
        _stop_cleanly(server)
    if identity.shared():
        print(about_sharing(_own_address()), flush=True)
    if not config.get_option("server.headless") and _has_screen() and not supervising.before:
        asyncio.get_running_loop().call_later(SOON, cli_util.open_browser, _own_address())
    departing = asyncio.create_task(departed.let_go())
    try:
        yield
    finally:
        departing.cancel()
        if mine is not None:
            await asyncio.to_thread(mine.close)


def _server() -> uvicorn.Server | None:
    """Whose signals end this process; None where the lab is part of something else."""
    if threading.current_thread() is not threading.main_thread():
        return None
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None


def _stop_cleanly(server: uvicorn.Server) -> None:
    """Let SIGTERM and SIGINT end the server as uvicorn does, but without being raised once more when it has ended.

    That would end the process with the signal, before what is left to do. A second SIGINT does not wait.
    """
    server.config.timeout_graceful_shutdown = PARTING
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        server.force_exit = asked.count(signal.SIGINT) > 1  # with the first one SIGTERM may come (supervising.py)
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
    gc.freeze()  # what is there now stays: looking for garbage among the rest takes no half a second, and comes sooner
    return mine


def about_sharing(lab: str) -> str:
    """What visitors of a shared server may do, what not, and how to change it; `lab`: where this computer finds the page."""
    link = f"{administrator.PATH}?token=… with the token of your file"
    change = f"at {lab}/{link}" if administrator.own_token() else f"by this link, which works once: {administrator.link(lab)}"
    comes, known = ("logs in", f"  {login.sentence()}\n") if login.on() else ("opens it", "")
    named = next((name for name in hosts.names() if "*" not in name), "")
    elsewhere = f"  On another computer write {named} for {urlsplit(lab).netloc} in it.\n" if named else ""
    return (
        f"\n  This server is shared: whoever {comes} can look at everything, and owns what they begin.\n{known}"
        "  They cannot change what is others', name files or folders of this computer, download to it or free its space.\n"
        f"  You can, and you can close the server for new experiments, {change}\n{elsewhere}"
    )


def _has_screen() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _own_address() -> str:
    """Where a browser on this computer finds the page."""
    address = config.get_option("server.address") or "localhost"  # of one that listens everywhere
    return server_util.get_url(server_util.get_display_address(address))
