"""The image: its files fit the project, and its steps lead to a lab.

No Docker is run: the steps for the lab itself are done in a fresh folder, with what Docker would be given.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.browser.conftest import free_port, healthy
from tests.children import Child
from tests.dockerfile import entry_point, given, instructions, said, stages
from tests.runs.patience import until

ROOT = Path(__file__).parents[1]
PORT = "8501"


def test_docker_is_given_what_it_copies_and_nothing_else():
    files, needed = given(), set()
    for line in said("COPY"):
        if line.startswith("--from="):
            assert line.removeprefix("--from=").split()[0] in {name for _, name in stages()}
            continue
        for source in line.split()[:-1]:
            copied = {name for name in files if name == source or name.startswith(f"{source}/")}
            assert copied, f"{source} is not there, or .dockerignore keeps it out"
            needed |= copied
    assert files == needed
    assert not [name for name in files if "__pycache__" in name or name.startswith(("runs/", "tests/", "docs/serving/"))]
    assert {"app/.streamlit/config.toml", "docs/rules.md", "requirements.lock"} <= files


def test_the_image_has_the_python_that_the_lock_was_made_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    images = {image for image, _ in stages()}
    assert images == {f"python:{project['tool']['pyright']['pythonVersion']}-slim"}
    assert images.pop().split(":")[1].removesuffix("-slim") in SpecifierSet(project["project"]["requires-python"])


def test_the_image_installs_by_hashes_alone_but_for_the_torch_of_the_guide():
    runs = said("RUN")
    installs = [
        part.strip() for line in runs for part in re.split(r"&&|;", line) if re.search(r"\bpip install\b|pip wheel", part)
    ]
    assert len(installs) == 5
    for line in installs:
        assert "--require-hashes" in line or "--no-index" in line or "install.md" in line, line
    assert "-r requirements.lock ${GPU:+-r requirements-cuda.lock}" in " ".join(installs) and said("ARG") == ["GPU="]
    guide = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^pip install torch==", guide, re.MULTILINE)) == 1  # the line that grep takes
    assert [line for line in runs if '[ -z "$GPU" ]' in line and "grep -m 1 '^pip install torch=='" in line]
    assert not re.search(r"https?://(?!127\.0\.0\.1)", (ROOT / "Dockerfile").read_text())


def brought_by(package: str) -> set[str]:
    """The package and all that it stands on, as they are installed here."""
    needed = [Requirement(text) for text in metadata.requires(package) or ()]
    ours = [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return {package}.union(*map(brought_by, ours))


@pytest.mark.skipif(shutil.which("awk") is None, reason="no awk on this machine")
def test_the_blocks_of_the_lock_that_build_the_wheel_are_whole():
    (line,) = [line for line in said("RUN") if "awk" in line]
    program = line.partition("awk '")[2].partition("'")[0]
    words = ["awk", program, "requirements.lock", "requirements-dev.lock"]
    taken = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^([\w.-]+)==", taken, re.MULTILINE)
    assert set(names) == brought_by("hatchling") and len(names) == len(set(names)) > 3
    assert taken.count("--hash=sha256:") >= len(names)
    for name in names:
        block = re.split(r"^(?=\w)", taken[taken.index(f"{name}==") :], flags=re.MULTILINE)[1]
        assert any(block in (ROOT / lock).read_text() for lock in words[2:])


def test_the_image_is_not_roots_and_keeps_what_lasts_in_its_volume():
    assert said("USER") == ["lab"] and "useradd --uid 1000 --create-home lab" in said("RUN")[-1]
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("ENTRYPOINT") and "RUN" not in names[names.index("USER") :]
    (volume,) = said("VOLUME")
    environment = dict(word.split("=", 1) for word in shlex.split(said("ENV")[-1]))
    assert environment["DFA_LAB_RUNS"].startswith(f"{volume}/") and environment["DFA_LAB_DATA"].startswith(f"{volume}/")
    assert f"chown lab:lab {volume}" in said("RUN")[-1]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lab as the image has it: built of what Docker is given, by the line of the Dockerfile."""
    folder = tmp_path_factory.mktemp("image")
    context = folder / "build"
    for name in given():
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, context / name)
    (build,) = [line for line in said("RUN") if line.startswith("pip wheel")]
    wheels = folder / "wheel"
    words = [str(wheels) if word == "/wheel" else word for word in shlex.split(build)[1:]]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    made = subprocess.run([*pip, *words], cwd=context, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    (wheel,) = wheels.iterdir()
    install = ["install", "--no-deps", "--no-index", "--no-compile", "--target", str(folder / "lab"), str(wheel)]
    done = subprocess.run([*pip, *install], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(context)
    return folder / "lab"


@pytest.fixture
def served(image: Path, tmp_path: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """The lab's address, and what ends it as Docker does and gives what it had printed."""
    port = str(free_port())
    changed = {PORT: port, "0.0.0.0": "127.0.0.1"}  # nobody else is let in by a test
    command = [str(image / "bin" / entry_point()[0]), *(changed.get(word, word) for word in entry_point()[1:])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DFA_LAB_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(image), "HOME": str(tmp_path), "DFA_LAB_SHARED": "1"}
    environment |= {"DFA_LAB_RUNS": str(tmp_path / "runs"), "DFA_LAB_DATA": str(tmp_path / "Datasets")}
    printed = tmp_path / "printed"
    with ExitStack() as stack:
        number = stack.enter_context(printed.open("w")).fileno()
        lab = stack.enter_context(Child(*command, cwd=tmp_path, env=environment, path=image, stdout=number, stderr=number))

        def end() -> str:
            lab.terminate()
            lab.communicate(timeout=120)
            return printed.read_text(encoding="utf-8")

        try:
            until(lambda: healthy(f"http://127.0.0.1:{port}") or lab.poll() is not None, "the lab answers")
            assert lab.poll() is None, printed.read_text(encoding="utf-8")
            yield f"http://127.0.0.1:{port}", end
        finally:
            if lab.poll() is None:
                end()


def test_the_images_lab_is_healthy_shared_and_ends_with_its_store_closed(served: tuple, tmp_path: Path):
    address, end = served
    (asked,) = re.findall(r"urlopen\('([^']+)'", said("HEALTHCHECK")[0])
    with urllib.request.urlopen(asked.replace(f"http://127.0.0.1:{PORT}", address), timeout=120) as answer:
        assert answer.read() == b"ok"  # any other path is answered with the page
    page = urllib.request.Request(f"{address}/", headers={"Accept": "text/html"})
    with urllib.request.urlopen(page, timeout=120) as answer:
        assert "dfa_lab_visitor=" in answer.headers["set-cookie"]
    assert list((tmp_path / "runs").glob("server-*.lock"))
    told = end()
    assert "This server is shared" in told and f"{address}/administrator?token=" in told
    assert not list((tmp_path / "runs").glob("runs.sqlite-wal")) and not list((tmp_path / "runs").glob("server-*.lock"))
