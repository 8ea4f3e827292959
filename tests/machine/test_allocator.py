"""Memory that tensors give back stays with the process: page faults are counted in a process of its own."""

import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from dfa_lab.machine.allocator import KNOBS, give_back, keep_memory

ROOT = Path(__file__).parents[2]
VARIABLES = [variable for _, variable, _ in KNOBS.values()]
PAGES = 2_500_000 // os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0  # of a gradient of 784×800
# malloc, touch and free it a hundred times: page faults of each time after the first ten
COUNT = """
import ctypes, resource
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
for time in range(110):
    if time == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [libc.malloc(2_500_000) for _ in range(4)]
    for piece in pieces:
        ctypes.memset(piece, 1, 2_500_000)
    for piece in pieces:
        libc.free(piece)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 100)
"""
AS_COMMAND_LINE = """
import runpy, sys
sys.argv = ["dfa_lab", "--help"]
try:
    runpy.run_module("dfa_lab", run_name="__main__")
except SystemExit:
    pass
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these knobs")


def faults(start: str, **variables: str) -> float:
    """Page faults of a round of allocations in a process that has run `start`."""
    environment = {name: value for name, value in os.environ.items() if name not in [*VARIABLES, "GLIBC_TUNABLES"]}
    command = [sys.executable, "-c", start + COUNT]
    environment |= {"PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


@glibc
def test_without_it_the_system_takes_the_memory_back_and_with_it_not():
    assert faults("") > PAGES  # or there would be nothing to do
    assert faults("from dfa_lab.machine.allocator import keep_memory; keep_memory()\n") <= 1


@glibc
@pytest.mark.parametrize("start", [AS_COMMAND_LINE, "import app.shell.server\n"], ids=["python -m dfa_lab", "streamlit run"])
def test_every_way_to_start_the_lab_does_it(start: str):
    assert faults(start) <= 1


@glibc
def test_what_a_person_has_set_stays():
    theirs = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
    assert faults("from dfa_lab.machine.allocator import keep_memory; assert keep_memory() == ('top_pad',)\n", **theirs) > PAGES
    tuned = "glibc.malloc.trim_threshold=131072:glibc.malloc.top_pad=0:glibc.malloc.mmap_threshold=131072"
    assert (
        faults("from dfa_lab.machine.allocator import keep_memory; assert keep_memory() == ()\n", GLIBC_TUNABLES=tuned) > PAGES
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@glibc
def test_what_is_free_is_handed_back_where_that_is_asked_for():
    libc, size = ctypes.CDLL(None), 100_000  # below what is fetched piece by piece
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(size) for _ in range(600)]
    for piece in pieces:
        ctypes.memset(piece, 1, size)
    for piece in pieces[:-1]:  # the last one is the end of the heap, which would shrink by itself
        libc.free(piece)
    before = resident()
    give_back()
    assert before - resident() > 40e6
    libc.free(pieces[-1])


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", lambda name: pytest.fail("looked into it"))
    assert keep_memory() == ()
    give_back()
