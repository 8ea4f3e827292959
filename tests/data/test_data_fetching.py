"""Downloads: without network, with a wrong answer, and when they work."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from dfa_lab import data
from dfa_lab.data import fetching
from tests import children
from tests.data.data_files import files_below, is_one_sentence, load, mnist


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection is really refused, on a machine with network too."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        _proxy(monkeypatch, closed.getsockname()[1])


@pytest.fixture
def wrong_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A network, like a hotel's, that answers every request with a page of its own."""

    class Hotel(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>please log in</html>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hotel)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    _proxy(monkeypatch, server.server_port)
    yield
    server.shutdown()
    server.server_close()
    thread.join()


def _proxy(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """All that asks for something here asks at this port; torchvision in a process in which it is imported already."""
    forked = SimpleNamespace(DEVNULL=None, run=lambda command, **_: children.run(*command[2:]))
    monkeypatch.setattr(fetching, "subprocess", forked)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("no_proxy", "")


def refusal(name: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(data.DataError) as caught:
        load(name, folder, download=True)
    assert capfd.readouterr() == ("", "")
    assert is_one_sentence(str(caught.value)), str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("mnist", "MNIST"),
        ("svhn", "train_32x32.mat and extra_32x32.mat and test_32x32.mat"),
    ],
)
@pytest.mark.usefixtures("no_network")
def test_without_network(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, wanted: str):
    (tmp_path / "mine").touch()
    began = time.monotonic()
    text = refusal(name, tmp_path, capfd)
    assert time.monotonic() - began < 60
    assert "its servers could not be reached: check this machine's connection" in text
    assert f"copy {wanted} into {tmp_path}" in text
    assert files_below(tmp_path) == ["mine"]


@pytest.mark.usefixtures("wrong_answers")
def test_a_wrong_answer_is_not_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    assert "what arrived does not have the right checksum" in refusal("svhn", tmp_path, capfd)
    assert files_below(tmp_path) == []


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk has no room for it (it takes 169 MB, and more"),
        ("ModuleNotFoundError: No module named 'torchvision'", "torchvision is not installed"),
    ],
)
def test_other_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], complaint: str, expected: str
):
    monkeypatch.setattr(fetching, "SCRIPT", f"import sys; sys.exit({complaint!r})")
    assert expected in refusal("cifar100", tmp_path, capfd)


def test_what_arrives_is_moved_in_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mnist(tmp_path / "server")
    copy = f"import shutil, sys; shutil.copytree({str(tmp_path / 'server')!r}, sys.argv[1], dirs_exist_ok=True)"
    monkeypatch.setattr(fetching, "SCRIPT", copy)
    folder = tmp_path / "new/data"
    assert load("mnist", folder, download=True).facts.train == 20
    assert data.is_here("mnist", folder)
    assert [path.name for path in folder.iterdir()] == ["MNIST"]


def test_what_is_there_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mnist(tmp_path)
    monkeypatch.setattr(fetching, "SCRIPT", "raise SystemExit(1)")
    assert load("mnist", tmp_path, download=True).facts.train == 20


def test_a_set_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A damaged file that was deleted, as the sentence says, is fetched again."""
    mnist(tmp_path / "server")
    raw = mnist(tmp_path / "mine")
    (raw / "t10k-images-idx3-ubyte").unlink()
    copy = f"import shutil, sys; shutil.copytree({str(tmp_path / 'server')!r}, sys.argv[1], dirs_exist_ok=True)"
    monkeypatch.setattr(fetching, "SCRIPT", copy)
    assert load("mnist", tmp_path / "mine", download=True).facts.test == 10


def test_torchvision_has_what_the_script_asks_for():
    from torchvision import datasets

    for name in ("MNIST", "FashionMNIST", "CIFAR10", "CIFAR100", "SVHN", "STL10"):
        assert hasattr(datasets, name)
