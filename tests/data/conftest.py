"""Where the real data sets are, and an account without root's rights."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dfa_lab.data import Arrays, Facts, cache
from dfa_lab.data.sets import cifar10


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Every test reads for itself and leaves no data set in memory."""
    cache.forget()
    yield
    cache.forget()


@pytest.fixture
def real_data() -> Path:
    """The folder with the published sets, or the test is skipped; failed where DFA_LAB_REQUIRE_DATA=1."""
    folder = os.environ.get("DFA_LAB_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "set DFA_LAB_DATA to a folder with MNIST and cifar-10-batches-bin (train once with --download to get one)"
    if os.environ.get("DFA_LAB_REQUIRE_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def tiny_cifar10(monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFAR-10 with 4 × 4 pixels of noise, whitened in no time."""

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        return random.randint(0, 256, (count, 3, 4, 4)).astype(np.uint8), np.arange(count) % 10

    random = np.random.RandomState(0)
    arrays = Arrays(*part(200), *part(50), class_names=tuple("abcdefghij"))
    monkeypatch.setattr(cifar10, "facts", lambda classes=2: Facts("CIFAR-10", (3, 4, 4), 10, 200, 50, megabytes=170))
    monkeypatch.setattr(cifar10, "load", lambda folder, download, classes: arrays)


@pytest.fixture
def forbidden() -> Iterator[Path]:
    """A folder that holds `file` and may be neither listed nor written to by the account that the test runs as."""
    folder = Path(tempfile.mkdtemp(prefix="dfa-lab-", dir="/tmp"))  # pytest's own folder is closed to other accounts
    (folder / "file").touch()
    folder.chmod(0)
    root = os.geteuid() == 0
    if root:  # nothing is forbidden to root
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)
