"""The project keeps its promises: what README, Makefile, settings and docs say is so."""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from dfa_lab.cli.main import app
from dfa_lab.feedback import rule_class
from dfa_lab.feedback.explained import explained
from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import ON_DISK, RULES, Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.wording import SPELLINGS, spellings

ROOT = Path(__file__).parents[1]
UI = ROOT / "dfa_lab" / "cli" / "main.py"  # `dfa-lab ui` starts the page
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = [ROOT / "docs" / f"{name}.md" for name in ("install", "command-line", "pages", "data")]  # README's long paragraphs
TOLD = "\n".join([README, *(file.read_text(encoding="utf-8") for file in GUIDES)])
RULES_TEXT = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXPLAINED = explained(RULES_TEXT)  # as the page Rules shows it
DFA_TORCH = (ROOT / "docs" / "dfa-torch.md").read_text(encoding="utf-8")
BLOCKS = [block.splitlines() for block in re.findall(r"```bash\n(.*?)```", TOLD, re.S)]
COMMANDS = list(dict.fromkeys(line for block in BLOCKS for line in block))
TARGETS = sorted(set(re.findall(r"\bmake (\w+)", "\n".join(COMMANDS + re.findall(r"`(make [^`]+)`", TOLD)))))
OURS = [shlex.split(line)[3:] for line in COMMANDS if line.startswith("python -m dfa_lab ")]
OURS += [words for line in COMMANDS if line.startswith("dfa-lab ") and not (words := shlex.split(line)[1:])[0].startswith("-")]


def settings(arguments: list[str]) -> dict[str, str]:
    """What `train` makes of its arguments, by option name."""
    command = get_command(app).commands["train"]  # type: ignore[attr-defined]
    given = command.make_context("train", list(arguments)).params
    return {name: value[0] if isinstance(value, (list, tuple)) else value for name, value in given.items() if value}


TRAINED = [words[1:] for words in OURS if words[0] == "train" and "--help" not in words]


def quick(line: str) -> bool:
    """A training that needs no data set on disk."""
    words = shlex.split(line)[3:]
    return words[:1] == ["train"] and words[1:] in TRAINED and settings(words[1:]).get("dataset", "digits") not in ON_DISK


QUICK = [
    list(lines)
    for lines in dict.fromkeys(
        tuple(line for line in block if line.startswith("python -m dfa_lab") and quick(line)) for block in BLOCKS
    )
    if lines
]


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[list[str]], Result]:
    """What `python -m dfa_lab` makes of arguments in a folder of its own, in this process, which has imported torch."""
    own_file.permit()  # the page, which other tests import, forbids it
    monkeypatch.delenv("DFA_LAB_RUNS", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda arguments: CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("target", TARGETS)
def test_readme_names_make_targets_that_exist(target: str):
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run([make, "-n", target], cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_readme_shows_the_two_commands():
    assert {"make run", "make test"} <= set(re.findall(r"```bash\n(.*?)```", README, re.S)[0].splitlines())


@pytest.mark.parametrize("lines", QUICK, ids=" ; ".join)
def test_readme_training_commands_run_as_they_stand(lines: list[str], lab: Callable, tmp_path: Path):
    """Those of a block one after the other, as somebody would type them in the project's folder."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for words in (shlex.split(line)[3:] for line in lines):
        done = lab(words)
        assert done.exit_code == 0, done.output
        assert "rule" in done.stdout
        if "--json" in words:
            assert json.loads((tmp_path / words[words.index("--json") + 1]).read_text())["runs"]
        if "--visualize" in words:
            folder = tmp_path / "runs" / "saved" / words[words.index("--save") + 1]
            names = {"net.safetensors", "results.json", "report.html", "curves.png"}
            assert names <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("words", TRAINED, ids=" ".join)
def test_readme_training_commands_are_valid(words: list[str]):
    parse({name: value for name, value in settings(words).items() if name in Experiment.model_fields})


@pytest.mark.parametrize("words", [words for words in OURS if words[0] != "train"], ids=" ".join)
def test_readme_other_commands_parse(words: list[str]):
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    command.make_context(words[0], words[1:])


@pytest.mark.parametrize("file", [ROOT / "README.md", *GUIDES], ids=lambda file: file.name)
def test_readme_files_exist(file: Path):
    text = file.read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```bash\n(.*?)```", text, re.S) for line in block.splitlines()]
    named = [file.parent / name for name in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
    named += [ROOT / word for line in lines for word in re.findall(r"(?<= )(?:requirements\S*|app/\S+)", line)]
    missing = [str(path) for path in named if not path.exists()]
    assert not missing, f"{file.name} names {missing}"


def test_readme_is_short_and_shows_the_lab_on_its_first_screen():
    assert len(README.encode()) <= 7000
    assert "](docs/lab.png)" in README.partition("\n## ")[0]


def test_readme_pins_the_torch_of_the_requirements():
    pinned = dict(re.findall(r"^(torch|torchvision)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M))
    assert dict(re.findall(r"(torch|torchvision)==(\S+)", TOLD)) == pinned


def test_streamlit_reports_that_it_does_not_collect_garbage_after_every_run(tmp_path: Path):
    main = ROOT / "app" / "main.py"
    with (main.parent / ".streamlit" / "config.toml").open("rb") as file:
        assert tomllib.load(file)["runner"]["postScriptGC"] is False
    script = "\n".join(
        [
            "from streamlit import config",
            f"config._main_script_path = {str(main)!r}",  # as `streamlit run` does
            "print(config.get_option('runner.postScriptGC'))",
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"


def imported(file: Path) -> set[str]:
    """Top-level names of what a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_engine_knows_nothing_of_the_page():
    files = [file for file in (ROOT / "dfa_lab").rglob("*.py") if file != UI]
    assert len(files) > 20
    page = {"streamlit", "plotly", "app", "pages"}
    assert {str(file.relative_to(ROOT)): imported(file) & page for file in files if imported(file) & page} == {}
    assert imported(UI) & page <= {"app"}  # `ui` starts the page


def test_training_imports_no_streamlit():
    script = "import sys, dfa_lab.cli, dfa_lab.train.trainer, dfa_lab.runs.manager; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stdout)
    assert "dfa_lab.train.trainer" in loaded
    assert not {"streamlit", "plotly"} & set(loaded)


def test_the_public_api_is_there_and_nothing_heavy_comes_with_it():
    script = "import dfa_lab, sys; print(sorted(dfa_lab.HOMES)); dfa_lab.Experiment, dfa_lab.parse; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    names, loaded = map(ast.literal_eval, done.stdout.splitlines())
    assert not {"torch", "numpy", "sklearn"} & set(loaded)
    assert {"Experiment", "SettingsError", "parse", "Trainer", "Record"} <= set(names)
    import dfa_lab

    assert dfa_lab.__doc__ and set(names) <= set(dir(dfa_lab))
    for name in names:
        assert name in dfa_lab.__doc__
        assert getattr(dfa_lab, name).__module__ != "dfa_lab"
        assert getattr(dfa_lab, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        dfa_lab.nothing  # noqa: B018
    declared = re.findall(r"^    from \S+ import (\w+) as \1$", (ROOT / "dfa_lab" / "__init__.py").read_text(), re.M)
    assert sorted(declared) == names


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_it_is_and_is_explained(name: str):
    rule = rule_class(name)
    assert rule.title and rule.source
    assert re.fullmatch(r"#[0-9A-F]{6}", rule.colour)
    assert f"\n$$\n{rule.equation}\n$$\n" in EXPLAINED, f"nothing shows the equation of {name}"
    assert f"\n## {name}\n" in EXPLAINED and f"- **{name}**" in EXPLAINED


@pytest.mark.parametrize("name", ["bp", "fa", "dfa", "shallow"])
def test_the_docs_explain_the_rules_that_came_with_the_lab(name: str):
    rule = rule_class(name)
    assert f"\n$$\n{rule.equation}\n$$\n" in RULES_TEXT, f"docs/rules.md lacks the equation of {name}"
    assert f"\n## {name}\n" in RULES_TEXT and f"- **{name}**" in RULES_TEXT


def test_a_rule_that_the_docs_lack_is_explained_by_its_own_file():
    rule = rule_class("dfa")
    text = explained(RULES_TEXT.replace("\n## dfa\n", "\n## another\n"))
    assert text.endswith(f"\n$$\n{rule.equation}\n$$\n\nFrom {rule.source}.\n")
    assert text.count("\n## dfa\n") == 1 and " ".join((rule.__doc__ or "").split()) in text


def test_rules_differ_in_colour_and_title():
    rules = [rule_class(name) for name in RULES]
    assert len({rule.colour for rule in rules}) == len({rule.title for rule in rules}) == len(rules)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_and_explained(name: str):
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==\d+(\.\d+)+\s+# \S.+", line), line


def test_no_file_holds_a_path_of_one_machine():
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    path = re.compile("(?<![\\w.*])/(home|Users|root|work|opt)" + r"/\w" + "|" + re.escape(f"{ROOT}/"))
    found = []
    for name in filter(None, listed.split("\0")):
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        found += [f"{name}: {match.group()}" for match in path.finditer(text)]
    assert not found


FLAGS = """modelsFolder network criterion eps accGradient dropout batchnorm nonlin num_layers num_hidden bias rfb_mag LR LRDecay
weightDecay momentum batchSize constBatchSize optimization epoch epoch_step gradient maxInNorm maxOutNorm threads type devid
load save dataset datapath normalization format whiten preProcDir augment validate""".split()


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_of_dfa_torch_is_a_setting_and_in_the_docs(flag: str):
    assert spellings(SPELLINGS[flag])[0] == flag
    table = DFA_TORCH.partition("## Every flag")[2].partition("## Exact")[0]
    assert any(f"`{flag}`" in row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))


@pytest.mark.parametrize(
    "line", [line for line in DFA_TORCH.splitlines() if re.match("python -m dfa_lab.* -+dataset digits", line)]
)
def test_the_commands_for_those_who_know_dfa_torch_run(line: str, lab: Callable):
    done = lab(shlex.split(line)[3:])
    assert done.exit_code == 0, done.output
    assert "dfa" in done.stdout


NOUN_ELSEWHERE = ("Of", "Likewise", "As", "It", "Its", "Those", "These", "They", "Them", "Such", "Also")


def test_docstrings_begin_with_what_they_speak_of():
    """A reader must not have to look up for the noun."""
    bare = []
    for file in sorted(file for top in ("dfa_lab", "app", "pages", "benchmarks") for file in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                words = (ast.get_docstring(node) or "").split()
                bare += [f"{file.relative_to(ROOT)}: {' '.join(words[:6])}"] if words and words[0] in NOUN_ELSEWHERE else []
    assert bare == []
