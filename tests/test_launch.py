"""The lab as a person starts it for the first time."""

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.conftest import free_port, healthy
from tests.runs.patience import until

ROOT = Path(__file__).parents[1]


def test_the_first_start_asks_nothing_and_serves(tmp_path: Path) -> None:
    """Without --no-browser, and in a home where Streamlit has never been: it would ask for an e-mail address."""
    port = free_port()
    command = [sys.executable, "-m", "dfa_lab", "ui", "--port", str(port), "--runs", str(tmp_path / "runs")]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"HOME": str(tmp_path), "BROWSER": "true"}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) as lab:
        try:
            until(lambda: healthy(f"http://localhost:{port}") or lab.poll() is not None, "the lab answers", 60)
        finally:
            lab.terminate()
        said = lab.communicate(timeout=30)[0]
    assert "Email" not in said and f":{port}" in said, said
