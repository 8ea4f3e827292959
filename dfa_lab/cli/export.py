"""The commands export and import: an experiment as one zip, out of a folder of runs and into one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dfa_lab.cli.options import refused
from dfa_lab.cli.runs_option import RunsFolder
from dfa_lab.machine.runs_folder import is_folder, runs_folder
from dfa_lab.settings.wording import shown

if TYPE_CHECKING:
    from dfa_lab.export.package import Figures
    from dfa_lab.runs.checkpoints import Checkpoints
    from dfa_lab.runs.store.store import Store


def write(id: str, out: Path, figures: "Figures") -> None:
    """Write the zip, or exit status 2."""
    from dfa_lab.export import package

    folder = runs_folder()
    if not is_folder(folder):
        raise refused([f"There is no folder of runs {folder}: name it with --runs."])
    if out.name == "" or is_folder(out):
        raise refused([f"--out is {shown(out, 120)}: that is a folder; name a file, such as {id[:20]}.zip, in it."])
    part = out.with_name(out.name + ".part")
    with _opened(folder) as (store, checkpoints):
        try:
            with part.open("wb") as file:
                manifest = package.write(package.Source(store, checkpoints), id, file, figures)
            part.replace(out)
        except package.ExportError as error:
            part.unlink(missing_ok=True)
            raise refused([str(error)]) from None
        except OSError as error:
            part.unlink(missing_ok=True)
            raise refused([f"--out is {shown(out, 120)}: it cannot be written ({error.strerror or error})."]) from None
    typer.echo(f"Written: {out}. Weights: {manifest['weights']}.")
    if manifest["script"] not in manifest["files"]:
        typer.echo(manifest["script"])


def import_(
    file: Annotated[Path, typer.Argument(help="The zip that export wrote, here or on another computer.")],
    runs: RunsFolder = None,
) -> None:
    """Take an exported experiment into a folder of runs. Nothing in the zip is executed."""
    from dfa_lab.export.import_zip import take
    from dfa_lab.export.unpack import ImportProblem

    if not _is_file(file):
        raise refused([f"There is no file {shown(file, 120)}."])
    with _opened(runs_folder()) as (store, checkpoints):
        try:
            taken = take(file, store, checkpoints)
        except ImportProblem as problem:
            raise refused([f"{shown(file.name, 120)}: {problem}"]) from None
    for note in taken.notes:
        typer.echo(note)
    typer.echo(f"Imported as {taken.id}.")


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


@contextmanager
def _opened(folder: Path) -> "Iterator[tuple[Store, Checkpoints]]":
    from dfa_lab.runs.checkpoints import Checkpoints
    from dfa_lab.runs.store.store import Store

    store = Store(folder)
    try:
        if store.problem:
            raise refused([store.problem])
        yield store, Checkpoints(folder / "checkpoints")
    finally:
        store.close()
