"""Python processes and servers for tests: real ones, but for the seconds that importing torch and Streamlit takes.

Each is forked from a server as multiprocessing has one, which has imported the libraries, and nothing of the lab; in all else
it is what `python …` would start. Those tests that are about the start itself start it themselves.
"""

import atexit
import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest

ROOT = Path(__file__).parents[1]
LIBRARIES = ["torch", "torchvision.datasets", "safetensors.torch", "pydantic", "typer", "pandas", "streamlit.web.cli"]
SERVER = forkserver.ForkServer()  # the lab's own worker processes come from another one, which has imported the lab
SERVER.set_forkserver_preload(LIBRARIES)
NEW_USER, NEW_MOUNTS, PRIVATE = 0x10000000, 0x00020000, 0x4000 | 0x40000  # of Linux: sched.h and mount.h


class Child:
    """As subprocess.Popen([sys.executable, *words], text=True, …), as far as the tests use that.

    `path`: where it finds the lab, first of all. It has one thread of torch's. `stdout`, `stderr`: numbers of files, else
    pipes. `mounting`: it may mount file systems, which nobody else sees.
    """

    def __init__(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        path: Path = ROOT,
        mounting: bool = False,
    ) -> None:
        ways = multiprocessing.get_all_start_methods()
        if "forkserver" not in ways:
            pytest.skip("this system has no forkserver")
        context = multiprocessing.get_context("forkserver")
        pipes = [context.Pipe(duplex=False) for _ in range(3)]
        (stdin, self._in), (self._out, out), (self._err, err) = pipes
        out, err = _instead(out, stdout), _instead(err, stderr)
        environment = dict(os.environ if env is None else env)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OMP_NUM_THREADS", "1")  # read when torch is imported, by the server
            patch.setattr(forkserver, "connect_to_new_process", SERVER.connect_to_new_process)
            # A page that was run here calls itself the main program, which a child would run first.
            patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
            self._process = context.Process(
                target=_become,
                args=(words, environment, str(cwd or Path.cwd()), str(path), mounting, stdin, out, err),
                daemon=False,
            )
            self._process.start()
        for end in (stdin, out, err):
            end.close()
        self.stdin: IO[str] = _text(self._in, "w")
        self.stdout: IO[str] = _text(self._out, "r")
        self.stderr: IO[str] = _text(self._err, "r")
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with, minus a signal's number if that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same, as Popen names it."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing happens if it has ended."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it on the spot."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self._process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it still prints, to its end. Raises subprocess.TimeoutExpired."""
        self.stdin.close()
        with ThreadPoolExecutor(2) as readers:
            said = [readers.submit(pipe.read) for pipe in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()  # or the readers would wait for ever
                raise
        self.close()
        return said[0].result(), said[1].result()

    def close(self) -> None:
        """Let go of its pipes and wait for its end."""
        for pipe in (self.stdout, self.stderr, self.stdin):
            pipe.close()
        self._process.join()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run(
    *words: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    path: Path = ROOT,
    timeout: float = 120,
    mounting: bool = False,
) -> subprocess.CompletedProcess[str]:
    """As subprocess.run with the output captured. Raises subprocess.TimeoutExpired."""
    with Child(*words, env=env, cwd=cwd, path=path, mounting=mounting) as child:
        out, err = child.communicate(timeout)
    assert child.returncode is not None
    return subprocess.CompletedProcess(words, child.returncode, out, err)


def _instead(end: Connection, file: int | None) -> Connection:
    """The file of this number, where there is one, for a pipe's end."""
    if file is None:
        return end
    end.close()
    return Connection(os.dup(file), readable=False)


def _text(end: Connection, mode: str) -> IO[str]:
    """A pipe's end, which Popen would have opened as text."""
    number = os.dup(end.fileno())
    end.close()
    return os.fdopen(number, mode, encoding="utf-8")


def _become(
    words: Sequence[str],
    environment: dict[str, str],
    folder: str,
    path: str,
    mounting: bool,
    stdin: Connection,
    stdout: Connection,
    stderr: Connection,
) -> None:
    """Go on as `python words…` would have begun, in the process that the server has forked."""
    for number, end in enumerate((stdin, stdout, stderr)):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    sys.stderr.reconfigure(line_buffering=True, errors="backslashreplace")
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tests = str(ROOT / "tests")
    sys.path = [path, *(place for place in sys.path if not place.startswith(tests) and place != str(ROOT))]
    warnings.resetwarnings()
    options = list(words)
    while options[0] == "-W":
        warnings.simplefilter(options[1])  # type: ignore[arg-type]
        del options[:2]
    code: object = 0
    try:
        if mounting:
            _mount_for_itself()
        _run(options)
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        atexit._run_exitfuncs()  # multiprocessing ends its processes without
    sys.exit(code)  # type: ignore[arg-type]


def _mount_for_itself() -> None:
    """As `unshare --user --map-root-user --mount` does before it starts a command."""
    user, group, libc = os.getuid(), os.getgid(), ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER | NEW_MOUNTS) or libc.mount(b"none", b"/", None, PRIVATE, None):
        raise OSError(ctypes.get_errno(), "no mounts of its own")
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path("/proc/self", file).write_text(text)


def _run(options: list[str]) -> None:
    what, *rest = options
    if what == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif what == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = options
        sys.path.insert(0, str(Path(what).parent))
        runpy.run_path(what, run_name="__main__")
