"""The options of the command line: one for every setting, spelled as in dfa-torch, with one dash or two."""

import inspect
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from dfa_lab.settings import point_text, points_file
from dfa_lab.settings.experiment import Experiment, SettingsError, extra, loads_nothing
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.suited import beside
from dfa_lab.settings.wording import SPELLINGS, allowed, refuse, shown, spellings

LARGEST_POINTS = 10**7  # bytes of a file of points, which may be an endless one
FILES = {"points": "POINTS|@FILE", "datapath": "FOLDER", "preproc_folder": "FOLDER", "models_folder": "FOLDER"}


WITHOUT_EFFECT = {  # flags of dfa-torch that are no settings here
    "nGPU": "an experiment runs on one device, --type and --devid say on which",
}


def refused(problems: list[str]) -> typer.Exit:
    """Say each problem in its sentence; exit status 2."""
    for problem in problems:
        typer.echo(problem, err=True)
    return typer.Exit(2)


class DfaTorchCommand(TyperCommand):
    """A command whose options take every spelling of a setting, and one dash for two, as in dfa-torch: -LR 1e-4."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {spelling for param in self.params for spelling in (*param.opts, *param.secondary_opts)}
        return super().parse_args(ctx, switched([_spelled(word, known) for word in args]))


def _spelled(word: str, known: set[str]) -> str:
    """A word of the command line, as one of the options `known` if it is one in another spelling."""
    name, equals, value = word.partition("=")
    bare = name.removeprefix("-").removeprefix("-")
    if bare == name or name in known:
        return word
    if f"--{bare}" not in known and bare in SPELLINGS:
        bare = spellings(SPELLINGS[bare])[0]
    return f"--{bare}{equals}{value}" if f"--{bare}" in known else word


def switched(words: list[str]) -> list[str]:
    """--visualize 1 is --visualize, and --visualize 0 is nothing: in dfa-torch it takes a number."""
    left: list[str] = []
    for before, word in pairwise(["", *words]):
        if before == "--visualize" and word in ("0", "1"):
            if word == "0":
                left.pop()
        elif word == "--visualize=1":
            left.append("--visualize")
        elif word != "--visualize=0":
            left.append(word)
    return left


def _option(name: str) -> inspect.Parameter:
    """The typer option of a setting. All but switches come as text: Experiment itself turns and checks it."""
    field = Experiment.model_fields[name]
    default = ",".join(map(str, field.default)) if isinstance(field.default, tuple) else str(field.default)
    if field.annotation is bool:
        default = "1" if field.default else "0"
    seen = {re.sub("[-_]", "", spelling).lower(): spelling for spelling in reversed(spellings(name))}
    words = [f"--{spelling}" for spelling in spellings(name) if spelling in seen.values()]
    about = [field.description or ""]
    if extra(field)["switch"]:
        option = typer.Option(*words, help=about[0], show_default=False)
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[bool | None, option])
    if name not in ("datapath", "device"):  # their descriptions say it, and looking for devices would import torch
        about.append(f"Takes {allowed(name)}.")
    if default and name != "points":
        about.append(f"Default: {default}.")
    kind = {int: "NUMBER", float: "NUMBER", str: "NAME", bool: "1|0"}.get(field.annotation or object, "LIST")
    option = typer.Option(*words, help=" ".join(about), show_default=False, metavar=FILES.get(name, kind))
    # as a list, so that an option given twice is noticed instead of the last one winning
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, option])


def _ignored(flag: str) -> inspect.Parameter:
    """The option of a flag of dfa-torch that has no effect, so that its command lines can be given as they are."""
    about = f"Taken for the sake of dfa-torch's command lines, without effect: {WITHOUT_EFFECT[flag]}."
    option = typer.Option(f"--{flag}", f"--{flag.lower()}", help=about, show_default=False, metavar="NUMBER")
    return inspect.Parameter(flag, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, option])


def with_settings(command: Any) -> Any:
    """Give a command every setting of Experiment as an option."""
    own = list(inspect.signature(command).parameters.values())
    kept = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = kept + [_option(name) for name in Experiment.model_fields] + [_ignored(flag) for flag in WITHOUT_EFFECT]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def once(options: dict[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """The file of --json and the settings that are given, or exit status 2."""
    given = {name: value for name, value in options.items() if value is not None and value != []}
    twice = {name: len(value) for name, value in given.items() if isinstance(value, list) and len(value) > 1}
    if twice:
        words = {name: spellings(name)[0] if name in Experiment.model_fields else name for name in twice}
        raise refused([f"--{words[name]} is given {times} times: give it once." for name, times in twice.items()])
    given = {name: value[0] if isinstance(value, list) else value for name, value in given.items()}
    for flag in given.keys() & WITHOUT_EFFECT.keys():
        typer.echo(f"--{flag} is {shown(given.pop(flag))}: it has no effect, since {WITHOUT_EFFECT[flag]}.", err=True)
    file: Path | None = given.pop("json", None)
    if str(given.get("points", "")).startswith("@"):
        given["points"] = _points(given["points"])
    if file and (reason := _unwritable(file)):
        raise refused([f"--json is {file}: {reason}; name another file."])
    return file, given


def _points(given: str) -> str:
    """What the setting holds for --points @FILE. Only the command line reads files, never a link."""
    path = Path(given.removeprefix("@"))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_POINTS + 1)
        if len(content) > LARGEST_POINTS:
            raise point_text.Unreadable(f"a file of at most {LARGEST_POINTS // 10**6} MB")
        found = points_file.read(content)
    except point_text.Unreadable as error:
        raise refused([refuse("points", given, str(error))]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        wanted = f"a text file that can be read, with x,y,class in each line ({reason})"
        raise refused([refuse("points", given, wanted)]) from None
    typer.echo(f"{path}: {found.understood}", err=True)
    return found.points


def parsed(given: dict[str, Any]) -> Experiment:
    """The experiment of the settings that are given, or exit status 2."""
    try:
        return parse(given)
    except SettingsError as error:
        raise refused(error.problems) from None


def suiting(given: dict[str, Any], quiet: bool) -> dict[str, Any]:
    """The settings that suit the data set, for what is not given, or exit status 2; which they are is said."""
    if not loads_nothing(given.get("load", "")):
        why = "a saved run has settings of its own: leave --suited out, or begin anew without --load"
        raise refused([f"--suited is given with --load, and {why}."])
    parsed(given)
    found = beside(given)
    if not quiet:
        words = " ".join(f"--{spellings(name)[0]} {value}" for name, value in found.items())
        typer.echo(f"--suited stands for {words}." if words else "--suited changes nothing here.", err=True)
    return found


def _unwritable(file: Path) -> str:
    """Why no file can be written there, before hours are spent on what to write into it; empty if it can."""
    try:
        if not file.parent.is_dir():
            return f"its folder {file.parent} does not exist"
        if file.exists() and not file.is_file():
            return "it is not a file"
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            return "it may not be written to"
        part = file.with_name(file.name + ".part")
        part.touch()
        part.unlink()
    except (OSError, ValueError) as error:
        return f"it cannot be written ({getattr(error, 'strerror', None) or error})"
    return ""
