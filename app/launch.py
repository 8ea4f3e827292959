"""Start the server, with everything slow done before it answers."""

import os
import sys
from pathlib import Path

from streamlit.web import cli

from app import controls, feed, transport  # noqa: F401 (the page's imports, done before the first visitor waits for them)
from app.engine import manager
from app.live import packed_plotly

ROOT = Path(__file__).resolve().parent.parent


def serve(port: int, address: str, runs: Path | None, browser: bool) -> None:
    """Run the lab until it is stopped. `runs`: folder that keeps them; `browser`: open the page in one."""
    if runs:
        os.environ["DFA_LAB_RUNS"] = str(runs)
    for name, folder in (("DFA_LAB_RUNS", "runs"), ("DFA_LAB_DATA", "Datasets")):
        os.environ[name] = str(Path(os.environ.get(name) or folder).resolve())  # said where the server was started
    os.chdir(ROOT)  # where .streamlit/config.toml is
    manager().demo()  # imports torch and scikit-learn, and is under way when the first visitor comes
    packed_plotly()
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={'false' if browser else 'true'}"]
    sys.argv = ["streamlit", "run", str(ROOT / "app" / "main.py"), *options]
    cli.main()
