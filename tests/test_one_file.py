"""To add a rule, network, data set, lesson, page, view or measure is to add one file: done here, in copies of the project.

In its copy the one file is written (and a page's line in the list of pages), the lab is asked for what is new, and those tests
are run that must have found it by themselves. To have another kind of addition tested, write an `Addition` down in
additions.py.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests import children
from tests.additions import ADDITIONS

ROOT = Path(__file__).parents[1]
COPIED = ("app", "dfa_lab", "pages", "tests", "docs", "examples")
# A child for each addition, forked from one process that has imported torch and streamlit, which takes longer than all else
# here: what `python -m dfa_lab …` prints and writes, then the tests. Words: a folder, those of the command and the tests, for
# each addition.
SCRIPT = """
import os, runpy, sys, traceback
import numpy, pytest, streamlit.testing.v1, torch, torch._dynamo

def ask(folder, command, tests):
    os.chdir(folder)
    sys.path.insert(0, folder)
    import app, dfa_lab
    for package in (app, dfa_lab):
        assert os.path.samefile(os.path.dirname(os.path.dirname(package.__file__)), folder), package.__file__
    if command:
        sys.argv = ["dfa_lab", *command.split("|")]
        try:
            runpy.run_module("dfa_lab", run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code:
                return 1
    if os.path.exists("out.json"):
        print(open("out.json").read())
    print("The tests:", flush=True)
    return pytest.main(["-p", "no:cacheprovider", "-p", "no:unraisableexception", "--tb=short", "-rp", *tests.split("|")])

# Nothing of the project itself, on whose path a child of the tests is.
sys.path = [place for place in sys.path if place and not os.path.isdir(os.path.join(place, "dfa_lab"))]
for folder, command, tests in zip(*[iter(sys.argv[1:])] * 3):
    if os.fork() == 0:
        code = 1
        try:
            with open(os.path.join(folder, "printed"), "w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                code = ask(folder, command, tests)
                print("\\nEnded with", int(code), flush=True)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(code))
    os.wait()
"""


def copied(folder: Path) -> Path:
    """The project, compiled as it is, without what no test here needs."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("browser", "*.png"))
    for file in ROOT.iterdir():
        if file.is_file() and file.suffix in (".toml", ".md", ".txt"):
            shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command and its tests print, by kind of addition, each in a copy of its own."""
    words, folders = [], {}
    for kind, addition in ADDITIONS.items():
        folders[kind] = copied(tmp_path_factory.mktemp(kind.replace(" ", "_")))
        (folders[kind] / addition.file).write_text(addition.text.lstrip(), encoding="utf-8")
        if addition.replaced:
            file, line, instead = addition.replaced
            before = (folders[kind] / file).read_text(encoding="utf-8")
            assert before.count(line) == 1, (file, line)
            (folders[kind] / file).write_text(before.replace(line, instead), encoding="utf-8")
        tests = "|".join(f"tests/{place}" for place in addition.tests)
        words += [str(folders[kind]), "|".join(addition.command), tests]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DFA_LAB", "PYTHON"))}
    clean |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # streamlit has imported one already
    done = children.run("-c", SCRIPT, *words, cwd=tmp_path_factory.getbasetemp(), env=clean, timeout=600)
    assert done.returncode == 0, done.stderr
    return {kind: (folder / "printed").read_text(encoding="utf-8") for kind, folder in folders.items()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("kind", ADDITIONS)
def test_one_new_file_is_enough(kind: str, printed: dict[str, str]) -> None:
    addition = ADDITIONS[kind]
    assert not (ROOT / addition.file).exists()
    assert (addition.replaced is not None) == (kind == "page"), "all else is found by its file alone"
    assert any(Path(addition.file).stem in place for place in addition.tests), "some test must not exist without it"
    shown, _, tested = printed[kind].partition("The tests:\n")
    assert re.search(addition.printed, shown), printed[kind][-4000:]
    assert tested.endswith("\nEnded with 0\n"), tested[-4000:]
    passed = re.findall(r"^PASSED tests/(\S.*)$", tested, re.MULTILINE)
    for place, count in addition.tests.items():
        assert sum(test == place or test.startswith((f"{place}::", f"{place}[")) for test in passed) == count, (place, passed)
