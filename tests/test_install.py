"""The wheel, as somebody installs it: built, put into an environment of its own, and used from another folder."""

import json
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import dfa_lab
from tests import children
from tests.browser.conftest import free_port, healthy
from tests.runs.patience import until

ROOT = Path(__file__).parents[1]
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"
COMMANDS = {"ui", "train", "prove", "reproduce", "resume", "export", "import"}
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
# The page's scripts, run by Streamlit as a visitor's first look at Lab and Rules runs them; from where their code came.
LOOK = """
import sys
import threading
from streamlit.testing.v1 import AppTest
from dfa_lab.cli.page_files import make_importable, page_root
assert make_importable()
page = AppTest.from_file(str(page_root() / "app" / "navigation.py"), default_timeout=120)
for _ in (page.run(), page.switch_page("../pages/rules.py").run()):
    assert not page.exception, page.exception
assert any("## dfa" in text.value for text in page.markdown)
import app, dfa_lab
print(app.__path__[0], dfa_lab.__file__, sep="\\n")
for thread in threading.enumerate():  # a process that ends while torch is at work in one of them is aborted
    if thread.name.startswith("load-"):
        thread.join()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip wheel .` builds it, with the backend that is here already: it asks no network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment with the wheel and, beside it, what is installed here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    commands = folder / SCRIPTS
    install = [
        "--python",
        str(commands / "python"),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-compile",
        str(wheel),
    ]
    done = subprocess.run([*PIP, *install], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
    Path(packages, "present.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return commands


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the commands are given in; nothing of the environment leads back to the project."""
    for name in ("PYTHONPATH", "DFA_LAB_RUNS", "DFA_LAB_DATA", "DFA_LAB_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # else every command compiles all of it anew
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_claims_no_name_but_its_own(wheel: Path):
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    assert {name.split("/")[0] for name in names} == {"dfa_lab", f"dfa_lab-{dfa_lab.__version__}.dist-info"}


def test_all_that_the_page_reads_is_in_the_wheel(wheel: Path):
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    files = [file for folder in ("app", "pages", "dfa_lab") for file in (ROOT / folder).rglob("*")]
    needed = {file.relative_to(ROOT).as_posix() for file in files if file.is_file() and "__pycache__" not in file.parts}
    needed |= {f"docs/{name}" for name in ("rules.md", "dfa-torch.md", "angles.md")}
    assert len(needed) > 300 and {"app/.streamlit/config.toml", "app/live/live.css", "app/shell/icon.svg"} <= needed
    assert {name for name in needed if {name, f"dfa_lab/_lab/{name}"}.isdisjoint(names)} == set()


def test_the_installed_command_says_its_version_and_what_it_can(installed: Path, elsewhere: Path):
    assert said(installed / "dfa-lab", "--version") == f"dfa-lab {dfa_lab.__version__}\n"
    listed = said(installed / "dfa-lab", "--help").partition("Commands:")[2]
    assert set(listed.split()) >= COMMANDS


def test_the_installed_command_trains(installed: Path, elsewhere: Path):
    small = ["--dataset", "digits", "--rules", "bp,dfa", "--num_hidden", "8", "--epochs", "1", "--processes", "2"]
    table = said(installed / "dfa-lab", "train", *small, "--json", "out.json")
    assert "rule" in table
    assert {run["rule"] for run in json.loads((elsewhere / "out.json").read_text())["runs"]} == {"bp", "dfa"}


@pytest.fixture
def served(installed: Path, elsewhere: Path) -> Iterator[str]:
    port = free_port()
    command = [str(installed / "dfa-lab"), "ui", "--no-browser", "--port", str(port), "--runs", "mine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as lab:
        address = f"http://localhost:{port}"
        try:
            until(lambda: healthy(address) or lab.poll() is not None, "the lab answers")
            assert lab.poll() is None, lab.stdout and lab.stdout.read()
            yield address
        finally:
            lab.terminate()
            lab.communicate(timeout=120)


def test_the_installed_command_serves_the_page(served: str, elsewhere: Path):
    def answer(path: str, **headers: str) -> bytes:
        asked = urllib.request.Request(f"{served}/{path}", headers=headers)
        with urllib.request.urlopen(asked, timeout=120) as response:
            return response.read()

    assert b"<title>" in answer("")
    assert answer("plotly.js", **{"Accept-Encoding": "gzip"})[:2] == b"\x1f\x8b"
    assert json.loads(answer("live/none?have=0"))["around"] is None
    assert (elsewhere / "mine" / "runs.sqlite").is_file()  # said where the command was given


def test_the_pages_run_from_the_wheel(installed: Path, elsewhere: Path):
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(installed.parent)}))
    done = children.run("-c", LOOK, cwd=elsewhere, path=packages)
    assert done.returncode == 0, done.stderr
    for place in done.stdout.splitlines()[-2:]:
        assert Path(place).resolve().is_relative_to(installed.parent.resolve())
