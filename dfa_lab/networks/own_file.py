"""A network of a person's own: a Python file with `blocks(experiment, shape)`, as in kinds/, in plain torch.

`blocks` gives a list of modules, h_1 … h_L at their outputs; the lab adds the readout. nn.Linear and nn.Conv2d in them
become the lab's own (adopting.py). All keep the initial values that the file gives them or torch draws, the same for every
rule of a seed; the setting `redraw` has those two kinds drawn as everywhere. A function `check(experiment, shape)` may refuse
inputs with an exception.

To use such a network is to run its file. The command line does so; a server only if it was told which folder to
trust: every way to the file leads through `find`.
"""

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from pathlib import Path
from types import CodeType, ModuleType

import torch
from torch import nn

from dfa_lab.networks.adopting import adopt
from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.networks.network import Network
from dfa_lab.networks.trying import Unusable, try_blocks, unfit
from dfa_lab.seeding import governed
from dfa_lab.seeding import number as seeded
from dfa_lab.settings.experiment import NETWORKS, Experiment, SettingsError
from dfa_lab.settings.wording import label, refuse, shown

MOST_BLOCKS = 200
# Weights × places of an input, at most, of a network that is held to be tried: so many activities may a convolution have.
LIGHT = 100_000_000
LONGEST = 200  # characters of an error that are repeated


class _Trust:
    """Which files may be run: any, or those that lie in `folder`, where None is none at all."""

    restricted = False
    folder: Path | None = None


def restrict(folder: Path | None) -> None:
    """From now on this process runs only the network files that lie directly in `folder`; None: none."""
    _Trust.restricted, _Trust.folder = True, folder


def permit() -> None:
    """Run any network file again, as a process does that never called `restrict`."""
    _Trust.restricted, _Trust.folder = False, None


def permitted() -> bool:
    """Whether this process runs network files at all."""
    return not _Trust.restricted or _Trust.folder is not None


def names() -> list[str]:
    """The files of the folder that this process is restricted to, sorted; empty where there is no such folder."""
    if _Trust.folder is None:
        return []
    try:
        home = _Trust.folder.resolve()
        return sorted(path.name for path in home.iterdir() if _is_network(path) and path.resolve().parent == home)
    except OSError:
        return []


def _is_network(path: Path) -> bool:
    return path.suffix.lower() == ".py" and not path.name.startswith(("_", ".")) and path.is_file()


def find(experiment: Experiment) -> Path:
    """The experiment's network file, if it may be run. Nothing is read. Raises SettingsError."""
    name = experiment.network
    if _Trust.restricted:
        if _Trust.folder is None:
            reason = "; this server was started without --models, so it runs no network files"
            raise SettingsError([refuse("network", name, f"one of {', '.join(NETWORKS)}{reason}")])
        if name not in (there := names()):
            raise SettingsError([refuse("network", name, f"one of {', '.join([*NETWORKS, *there[:20]])}")])
        return _Trust.folder / name
    try:
        for path in (Path(name), Path(experiment.models_folder, name)):
            if path.is_file():
                return path
    except (OSError, ValueError) as error:
        raise _refused(name, f"it cannot be looked for ({getattr(error, 'strerror', None) or error})") from None
    also = "" if Path(name).is_absolute() else f", nor in the folder {shown(experiment.models_folder, 200)} (--modelsFolder)"
    raise _refused(name, f"there is no such file{also}")


def check(experiment: Experiment, shape: tuple[int, ...]) -> int:
    """Entries that a network of the file holds in a trial, parameters and activities of a few samples. Raises SettingsError,
    with the file, the line and the error, for a file of which no network for inputs of this shape can be made."""
    path = find(experiment)
    try:
        return _checked(experiment, shape, path, path.read_bytes())  # type: ignore[arg-type]  # it is frozen
    except OSError as error:
        raise _refused(experiment.network, f"it cannot be read ({error.strerror or error})") from None


@lru_cache(64)  # whoever starts an experiment asks several times on the way
def _checked(experiment: Experiment, shape: tuple[int, ...], path: Path, text: bytes) -> int:
    """`text` of the file: another one is another network. What is refused is not remembered."""
    try:
        with torch.device("meta"):  # a network that is too large is refused later, and must not be held to find out
            made = blocks(experiment, shape, seed=0)
            weights = sum(p.numel() for block in made for p in block.parameters())
            if weights * prod(shape[1:]) > LIGHT:
                return _tried(experiment, made, shape, path)
    except SettingsError as error:
        if "meta" not in str(error).lower():
            raise  # else it looks at the values of tensors, which this device does not have
    with torch.device("cpu"):  # which is many times faster, where so few numbers are computed
        return _tried(experiment, blocks(experiment, shape, seed=0), shape, path)


def _tried(experiment: Experiment, made: list[nn.Module], shape: tuple[int, ...], path: Path) -> int:
    with governed(seeded(0, "own network")):
        try:
            return try_blocks(made, shape)
        except Unusable as error:
            told = f": {_told(error.error, path)}" if error.error is not None else ""
            raise _refused(experiment.network, f"{error}{told}") from None


def blocks(experiment: Experiment, shape: tuple[int, ...], seed: int) -> list[nn.Module]:
    """What the file's `blocks` gives, adopted: the same for every rule of a seed. Raises SettingsError."""
    path = find(experiment)
    with governed(seeded(seed, "own network")):
        return _blocks(experiment, shape, path)


def begins_with(experiment: Experiment, network: Network) -> str:
    """A sentence on which initial weights are the file's, and which the lab has drawn."""
    layers = [layer for _, layer in network.layers() if layer.keeps_weights]
    kinds = [f"{n} {kind.__name__}" for kind in (Linear, Conv2d) if (n := sum(isinstance(layer, kind) for layer in layers))]
    if not layers:
        return ""
    many, one = " and ".join(kinds), len(layers) == 1
    if experiment.redraw:
        return f"Initial weights: those of {many} are drawn anew, as --redraw asks, and the readout's; all else is the file's."
    begin, them = ("begins", "it") if one else ("begin", "them")
    kept = f"Initial weights: {many} {begin} with the file's, as all else in it"
    return f"{kept}; the readout is drawn. --redraw draws {them}, too."


def explain(error: BaseException, experiment: Experiment, where: str = "training with it") -> str | None:
    """The sentence for an error in the training of an experiment's own network, if it has one; `where` it was raised."""
    if not experiment.network_file:
        return None
    try:
        path = find(experiment)
    except SettingsError:
        return None
    return str(_refused(experiment.network, f"{where} ended in an error ({_told(error, path)})"))


def unrepeatable(experiment: Experiment, number: int) -> SettingsError:
    """For a network whose block `number` gives other numbers when it is asked again with the same seed."""
    why = "it draws from a generator of its own or counts in an attribute, so that no run could be repeated or continued"
    instead = "Draw from torch, numpy.random or random as they are, and keep in a buffer what has to last"
    return _refused(experiment.network, f"block {number} gives other numbers each time for the same seed: {why}. {instead}")


def _blocks(experiment: Experiment, shape: tuple[int, ...], path: Path) -> list[nn.Module]:
    name = experiment.network
    usual = torch.get_default_dtype()
    try:
        with _executed(path) as module:
            if not callable(getattr(module, "blocks", None)):
                raise _refused(name, "it defines no function blocks(experiment, shape)")
            if callable(getattr(module, "check", None)):
                module.check(experiment, shape)
            made = module.blocks(experiment, shape)
    except SettingsError:
        raise
    except OSError as error:
        why = _told(error, path) if _line(error, path) else f"it cannot be read ({error.strerror or error})"
        raise _refused(name, why) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _refused(name, _told(error, path)) from None
    finally:
        torch.set_default_dtype(usual)  # all that this process trains would be of another type
    if not isinstance(made, (list, tuple, nn.ModuleList)) or not all(isinstance(block, nn.Module) for block in made):
        raise _refused(name, f"blocks() gives {shown(type(made).__name__)}; let it give a list of torch modules")
    if not 1 <= len(made) <= MOST_BLOCKS:
        raise _refused(name, f"blocks() gives {len(made)} blocks; let it give from 1 to {MOST_BLOCKS}")
    for number, block in enumerate(made, start=1):
        if why := unfit(number, block):
            raise _refused(name, why)
    try:
        return [adopt(block) for block in made]
    except ValueError as error:
        raise _refused(name, f"it has {error}") from None


@contextmanager
def _executed(path: Path) -> Iterator[ModuleType]:
    """The file as a module that is known to Python only meanwhile: dataclasses, for one, look their module up."""
    code = _compiled(path.read_bytes(), str(path))
    module = ModuleType(f"_dfa_lab_own_network_{threading.get_ident()}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(code, module.__dict__)
        yield module
    finally:
        sys.modules.pop(module.__name__, None)


@lru_cache(64)  # it is executed for every network that is made of it
def _compiled(text: bytes, path: str) -> CodeType:
    return compile(text, path, "exec", dont_inherit=True)


def _refused(name: str, why: str) -> SettingsError:
    return SettingsError([f"{label('network')} is {shown(name, 120)}: {why.rstrip('.')}."])


def _told(error: BaseException, path: Path) -> str:
    """line 12: NameError: name 'foo' is not defined"""
    try:
        text = (error.msg if isinstance(error, SyntaxError) else str(error)).strip()
    except Exception:  # it was written by the same person
        text = ""
    first = "".join(c if c.isprintable() else " " for c in (text.splitlines() or [""])[0])
    first = first if len(first) <= LONGEST else first[: LONGEST - 1] + "…"
    line = _line(error, path)
    return ": ".join(filter(None, [f"line {line}" if line else "", type(error).__name__, first]))


def _line(error: BaseException, path: Path) -> int | None:
    """The line of the file that raised it, or that called what did."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == str(path)]
    return lines[-1] if lines else None
