"""Write the locks: every package that the requirements bring, at one version, with the hashes of its files. `make lock`

- requirements.lock: what the lab needs, on Linux, macOS and Windows, from Python 3.11 on;
- requirements-cuda.lock: the GPU's libraries, which the ordinary torch of Linux brings and a CPU-only one does without;
- requirements-dev.lock: what the tests, lint and types need on top.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = "3.11"  # the oldest that is supported
BROWSER = "sys_platform == 'emscripten'"  # a Python inside a browser, where the lab does not run
CUDA = re.compile(r"(nvidia|cuda)-[\w-]+|triton")
HEAD = "# Written by `make lock` from {source}: edit that one.{more}\n"
MORE = {"requirements-cuda.lock": "\n# For Linux alone; left out where a CPU-only torch is installed already."}


def main() -> int:
    """Ask for the versions once for everything, so that the locks agree, and sort the packages among them."""
    locked = packages(compiled("requirements-dev.txt"))
    needed = packages(compiled("requirements.txt"))
    files = {
        "requirements.lock": ("requirements.txt", [name for name in needed if not CUDA.fullmatch(name)]),
        "requirements-cuda.lock": ("requirements.txt", [name for name in needed if CUDA.fullmatch(name)]),
        "requirements-dev.lock": ("requirements-dev.txt", [name for name in locked if name not in needed]),
    }
    for file, (source, names) in files.items():
        head = HEAD.format(source=source, more=MORE.get(file, ""))
        (ROOT / file).write_text(head + "".join(locked[name] for name in names), encoding="utf-8")
    return 0


def compiled(source: str) -> str:
    """What uv finds for this file: names, versions, for which system, hashes. It asks the package index."""
    command = [sys.executable, "-m", "uv", "pip", "compile", source, "--universal", "--python-version", PYTHON]
    options = ["--generate-hashes", "--no-header", "--no-annotate", "--upgrade", "--quiet"]
    return subprocess.run([*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def packages(lock: str) -> dict[str, str]:
    """The lines of each package by its name; several versions of one, for several Pythons, together."""
    found: dict[str, str] = {}
    for block in re.split(r"^(?=\w)", lock, flags=re.MULTILINE):
        if (match := re.match(r"([\w.-]+)==", block)) and BROWSER not in block:
            found[match[1]] = found.get(match[1], "") + block
    return found


if __name__ == "__main__":
    sys.exit(main())
