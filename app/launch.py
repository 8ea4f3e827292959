"""Start the server, with everything slow done before it answers."""

import importlib
import os
import sys
import time
from pathlib import Path

from streamlit.web import cli

from app.bar import transport  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.charts import plotly_script
from app.form import settings_form  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.live import live_chart  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.shell.server import manager

PATIENCE = 20  # seconds; then the page opens all the same
ROOT = Path(__file__).resolve().parent.parent


def serve(port: int, address: str, runs: Path | None, browser: bool) -> None:
    """Run the lab until it is stopped. `runs`: folder that keeps them; `browser`: open the page in one."""
    if runs:
        os.environ["DFA_LAB_RUNS"] = str(runs)
    for name, folder in (("DFA_LAB_RUNS", "runs"), ("DFA_LAB_DATA", "Datasets")):
        os.environ[name] = str(Path(os.environ.get(name) or folder).resolve())  # said where the server was started
    os.chdir(ROOT)  # where .streamlit/config.toml is
    _warm_up()
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={'false' if browser else 'true'}"]
    sys.argv = ["streamlit", "run", str(ROOT / "app" / "main.py"), *options]
    cli.main()


def _warm_up() -> None:
    """Bring the demonstration under way, which imports much, and pack plotly.js: once, while nobody waits yet."""
    demo = manager().demo()
    plotly_script.address()
    importlib.import_module("pandas")  # streamlit imports it with the first chart or form
    until = time.monotonic() + PATIENCE
    while (status := manager().status(demo)) and status.state == "loading" and time.monotonic() < until:
        time.sleep(0.02)
