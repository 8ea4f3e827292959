"""Open somebody else's zip: bounded, checked against its manifest, and unpacked under names of our own; nothing is run."""

import hashlib
import json
import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from dfa_lab.export import layout
from dfa_lab.export.called_for import CalledFor, StrangeTensor, tensors
from dfa_lab.machine.disk_room import human, require
from dfa_lab.runs.quota import Room
from dfa_lab.settings.wording import shown

CHUNK = 2**20
MOST_RATIO = 50  # bytes of a zip for each that it takes, packed
FREELY = 20 * layout.MEGABYTE  # bytes of a zip up to which nobody asks how well it is packed
RESERVE = 100 * layout.MEGABYTE  # bytes of the disk that are left to all else
ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class ImportProblem(Exception):
    """A zip that is not taken; the text says why, as a sentence."""


def unpack(
    file: IO[bytes] | Path, folder: Path, called_for: Callable[[bytes], CalledFor | None], room: Room | None = None
) -> dict[str, Any]:
    """Check the zip and write what an import reads of it to `folder`; gives its manifest.

    `called_for`: what the settings in these bytes of experiment.json call for. `room`: what may be kept; None: no limit.

    Raises ImportProblem, and OSError of the disk.
    """
    try:
        zipped = zipfile.ZipFile(file)
    except ERRORS as error:
        raise ImportProblem("This is not a zip file, or it is cut short: export it again.") from error
    with zipped:
        entries = _entries(zipped)
        raw = _read(zipped, entries[layout.MANIFEST])
        manifest = _manifest(raw)
        _check_names(manifest, set(entries) - {layout.MANIFEST})
        _check_room(entries, folder, room)
        _check_tensors(zipped, entries, called_for(_read(zipped, entries[layout.EXPERIMENT])))
        for name, about in manifest["files"].items():
            digest = _write(zipped, entries[name], folder / name)
            if digest != about["sha256"]:
                raise ImportProblem(f"{name} is not what its checksum says: the zip is damaged, or somebody changed it.")
    return manifest


def _entries(zipped: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by name. Only what an export holds is left; sizes are those that the zip claims, and bounded."""
    entries: dict[str, zipfile.ZipInfo] = {}
    infos = zipped.infolist()
    if len(infos) > layout.MOST_FILES:
        raise ImportProblem(f"The zip holds {len(infos):,} files: an export has at most {layout.MOST_FILES}.")
    for info in infos:
        name = shown(info.filename, 80)
        if info.filename in entries:
            raise ImportProblem(f"The zip holds {name} twice: the lab exports every file once.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ImportProblem(f"{name} in the zip is a link to another file: the lab exports none.")
        if info.filename.startswith(("/", "\\")) or ".." in info.filename or ":" in info.filename or "\\" in info.filename:
            raise ImportProblem(f"{name} in the zip names a place outside of it: the lab exports no such file.")
        most = layout.largest(info.filename)
        if not most:
            raise ImportProblem(f"The zip holds {name}, which is no file of an export: nothing of it was read.")
        if info.file_size > most:
            raise ImportProblem(f"{name} in the zip claims {_size(info.file_size)}: at most {_size(most)} are read.")
        if info.flag_bits & 1:
            raise ImportProblem("The zip is encrypted: the lab exports without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may ask for gigabytes to unpack
            raise ImportProblem(f"{name} in the zip is packed by a method that the lab does not use: export it again.")
        entries[info.filename] = info
    if (claimed := sum(info.file_size for info in infos)) > layout.LARGEST_IN_ALL:
        raise ImportProblem(f"The zip claims {_size(claimed)}: at most {_size(layout.LARGEST_IN_ALL)} are read.")
    packed = sum(info.compress_size for info in infos)
    if claimed > FREELY and claimed > MOST_RATIO * packed:
        raise ImportProblem(
            f"The zip claims that {_size(packed)} unpack to {_size(claimed)}, more than {MOST_RATIO} times as much: "
            "no measurements are packed so well, and nothing of it was read."
        )
    if layout.MANIFEST not in entries:
        raise ImportProblem(f"The zip has no {layout.MANIFEST}: it is not an export of DFA Lab.")
    return entries


def _is_read(name: str) -> bool:
    """Whether an import looks into the file; of the others only the checksum is looked at."""
    return name in (layout.EXPERIMENT, layout.CSV, layout.STATE) or layout.WEIGHTS.fullmatch(name) is not None


def _check_room(entries: Mapping[str, zipfile.ZipInfo], folder: Path, room: Room | None) -> None:
    """Before anything is written. Raises ImportProblem, and OSError where the disk has no room."""
    size = sum(info.file_size for name, info in entries.items() if _is_read(name))
    if room is not None and size > room.bytes:
        raise ImportProblem(
            f"It takes {human(size)}, and {room.whose} may take {human(room.bytes)} more{room.by}: remove some for good under "
            "Free space on the page Experiments."
        )
    require(folder, 2 * size, "what the zip claims to hold, once unpacked and once kept,", RESERVE)


def _check_tensors(zipped: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], wanted: CalledFor | None) -> None:
    """What the beginnings of the files of tensors claim; one that is damaged is found out when it is read."""
    for name, info in entries.items():
        if wanted is None or not (name == layout.STATE or layout.WEIGHTS.fullmatch(name)):
            continue
        try:
            with zipped.open(info) as file:
                found = tensors(file)
            wanted.check(name, found or {})
        except ERRORS as error:
            raise _damaged(name) from error
        except StrangeTensor as error:
            raise ImportProblem(
                f"{name} in the zip is damaged or of another network: it holds {error}, which that of the settings does not "
                "have. Export it again."
            ) from error


def _manifest(raw: bytes) -> dict[str, Any]:
    manifest = as_object(raw, layout.MANIFEST)
    version, files = manifest.get("version"), manifest.get("files")
    if manifest.get("format") != layout.FORMAT or not isinstance(version, int) or version < 1:
        raise ImportProblem(f"{layout.MANIFEST} is not that of an export of DFA Lab.")
    if version > layout.VERSION:
        newer = f"(format {shown(version)}, this one knows {layout.VERSION})"
        raise ImportProblem(f"The zip was made by a newer DFA Lab {newer}: update this one.")
    if not isinstance(files, dict) or not all(isinstance(one, dict) and "sha256" in one for one in files.values()):
        raise ImportProblem(f"{layout.MANIFEST} does not list the files of the zip.")
    return manifest


def _check_names(manifest: dict[str, Any], there: set[str]) -> None:
    listed = set(manifest["files"])
    if missing := sorted(listed - there):
        raise ImportProblem(f"{shown(missing[0], 80)} is listed in {layout.MANIFEST} and not in the zip.")
    if strange := sorted(there - listed):
        raise ImportProblem(f"{shown(strange[0], 80)} is in the zip and not listed in {layout.MANIFEST}.")
    for name in (layout.EXPERIMENT, layout.CSV):
        if name not in listed:
            raise ImportProblem(f"The zip has no {name}: there is nothing to import.")


def _read(zipped: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with zipped.open(info) as entry:
            return entry.read(layout.largest(info.filename))
    except ERRORS as error:
        raise _damaged(info.filename) from error


def _write(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> str:
    """The SHA-256 of what was written. The name is one of ours; no more is written than is allowed, whatever is claimed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), min(info.file_size, layout.largest(info.filename))
    with path.open("wb") if _is_read(info.filename) else nullcontext() as out:
        try:
            with zipped.open(info) as entry:
                while part := entry.read(CHUNK):
                    left -= len(part)
                    if left < 0:
                        raise ImportProblem(f"{info.filename} in the zip is larger than it claims.")
                    digest.update(part)
                    if out is not None:
                        out.write(part)
        except ERRORS as error:
            raise _damaged(info.filename) from error
    return digest.hexdigest()


def _damaged(name: str) -> ImportProblem:
    return ImportProblem(f"{name} in the zip cannot be unpacked: the zip is damaged or cut short.")


def as_object(raw: bytes, name: str) -> dict[str, Any]:
    """A JSON object. Raises ImportProblem."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ImportProblem(f"{name} in the zip cannot be read as JSON.") from error
    if not isinstance(found, dict):
        raise ImportProblem(f"{name} in the zip is no JSON object.")
    return found


def _size(count: int) -> str:
    return f"{count / 10**9:,.1f} GB" if count >= 10**9 else f"{count / 10**6:,.0f} MB"
