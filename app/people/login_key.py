"""The key of a login: from a person's name and the key comes the id of a visitor, and from the id nobody finds the name."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from dfa_lab.machine.runs_folder import runs_folder

FILE = "login.key"  # in the folder of runs
SIZE = 32  # bytes
UNUSABLE = "{} should hold {} bytes and cannot be used ({}): without it nobody is known again. Restore it from a backup."


class LoginError(ValueError):
    """What was said of the login cannot be meant; the text says why."""


def id_of(*name: str) -> str:
    """The id of the visitor who has this name, in as many parts as it takes; it stays the same in this folder of runs.

    Raises LoginError.
    """
    text = "\0".join(name).encode("utf-8", "surrogateescape")
    return hmac.new(key(runs_folder()), text, hashlib.sha256).hexdigest()[:12]


@lru_cache(1)
def key(folder: Path) -> bytes:
    """The key of this folder of runs, drawn when it is first needed. Raises LoginError."""
    path = folder / FILE
    why = "too short"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(SIZE))
        if len(found := path.read_bytes()) >= SIZE:
            return found
    except OSError as error:
        why = str(error.strerror)
    raise LoginError(UNUSABLE.format(path, SIZE, why))
