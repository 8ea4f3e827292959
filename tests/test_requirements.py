"""What is installed: ranges for others, pins that were tested, locks with hashes, and the licences of all of it."""

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import notices

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-cuda.lock", "requirements-dev.lock")
OURS = {"dfa_lab", "app", "pages"}
BROUGHT = {"pydantic_core": "pydantic", "rich": "typer", "PIL": "pillow", "sklearn": "scikit-learn"}  # by which requirement


def pins(name: str) -> dict[str, str]:
    """Package and version of a file of requirements or a lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def blocks(name: str) -> list[str]:
    """The lines of each package of a lock."""
    return [block for block in re.split(r"^(?=\w)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:] if block]


def test_the_ranges_and_the_pins_are_in_step():
    ranges = {each.name: each.specifier for each in map(Requirement, PROJECT["project"]["dependencies"])}
    tested = pins("requirements.txt")
    assert ranges.keys() == tested.keys()
    assert {name: pin for name, pin in tested.items() if pin not in ranges[name]} == {}
    assert all(any(bound.operator == ">=" for bound in bounds) for bounds in ranges.values())


def test_what_the_code_imports_is_required_by_name():
    imported = set()
    for folder in OURS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    imported.add(node.module.split(".")[0])
    imported -= OURS | sys.stdlib_module_names
    assert {"torch", "PIL"} <= imported
    assert {BROUGHT.get(name, name) for name in imported} <= pins("requirements.txt").keys()


def test_the_wheel_is_built_here_as_it_is_elsewhere():
    assert PROJECT["build-system"]["requires"] == [f"hatchling=={pins('requirements-dev.txt')['hatchling']}"]


def test_the_locks_hold_the_pins():
    locked = pins("requirements.lock")
    assert pins("requirements.txt").items() <= locked.items()
    assert pins("requirements-dev.txt").items() <= pins("requirements-dev.lock").items()
    names = [name for lock in LOCKS for name in pins(lock)]
    assert len(names) == len(set(names))  # none in two of them


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_hashes_and_no_host_is_named(lock: str):
    found = blocks(lock)
    assert len(found) > 10
    for block in found:
        first, *lines = block.splitlines()
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^\\]+)? \\", first), first
        assert lines and all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines), first
    assert not re.search(r"https?:|--index|--find|--extra", (ROOT / lock).read_text(encoding="utf-8"))


def test_the_locks_name_all_that_the_requirements_bring_here():
    locked = {canonicalize_name(name) for lock in LOCKS for name in pins(lock)}
    missing = set()
    for name in locked:
        try:
            needs = [Requirement(each) for each in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:  # for another system, or a torch without GPU is installed here
            continue
        wanted = {canonicalize_name(each.name) for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})}
        missing |= wanted - locked
    assert missing == set()


def test_a_torch_without_gpu_stays_as_it_is(tmp_path: Path):
    """pip takes 2.15.0+cpu for the 2.15.0 of the lock, whose hashes are those of other files; it asks no network."""
    venv.create(tmp_path / "venv", with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")}))
    wanted = {name: pin for name, pin in pins("requirements.lock").items() if name in ("torch", "torchvision")}
    assert len(wanted) == 2
    for name, pin in wanted.items():
        (packages / f"{name}-{pin}+cpu.dist-info").mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {pin}+cpu\n"
        (packages / f"{name}-{pin}+cpu.dist-info" / "METADATA").write_text(text, encoding="utf-8")
    (tmp_path / "torch.lock").write_text("".join(each for each in blocks("requirements.lock") if each.split("==")[0] in wanted))
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--dry-run"]
    options = ["--no-index", "--no-deps", "--require-hashes", "-r", str(tmp_path / "torch.lock")]
    done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("already satisfied") == 2 and "Would install" not in done.stdout
    choice = re.search(r'CUDA_LOCK = \$\$\(\$\(BIN\)/python -c "(.*?)"\)', (ROOT / "Makefile").read_text(), re.DOTALL)
    assert choice is not None
    said = subprocess.run([python, "-c", choice[1].replace("\\\n", "")], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""
    (packages / f"torch-{wanted['torch']}+cpu.dist-info" / "METADATA").write_text("Name: torch\nVersion: 2.15.0\n")
    said = subprocess.run([python, "-c", choice[1].replace("\\\n", "")], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "-r requirements-cuda.lock"


def test_the_notices_say_the_licence_of_every_package():
    text = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| ([\w.-]+) \| (.+) \|$", text, re.MULTILINE))
    names = [name for lock in LOCKS for name in pins(lock)]
    assert said.keys() - {"package", "---"} == set(names)
    here = {each.name for each in metadata.distributions()}
    known = {canonicalize_name(name) for name in here}
    assert {name: said[name] for name in names if name in known} == {
        name: notices.licence(name) for name in names if name in known
    }
    proprietary = text.partition("## Proprietary")[2].partition("`cuda-toolkit`")[0]
    assert {name for name in pins("requirements-cuda.lock") if name.startswith("nvidia-")} <= set(
        re.findall(r"^\| ([\w.-]+) \|", proprietary, re.MULTILINE)
    )
