"""Write THIRD_PARTY_NOTICES.md: what the locks install and under which licence, as each package says itself. `make notices`"""

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTICES = ROOT / "THIRD_PARTY_NOTICES.md"
ELSEWHERE = {
    "colorama": "BSD License",  # installed on Windows alone
    "axe-playwright-python": "MIT; the axe-core in it MPL-2.0",  # only its files say so
}
NVIDIA = re.compile("nvidia", re.IGNORECASE)
TEXT = """# Third-party notices

DFA Lab itself is under the MIT License ([LICENSE](LICENSE)) and holds no code of others. It installs and imports the packages
below, which keep their own licences; each carries its licence text in its `*.dist-info` folder. Written by `make notices` from
what the packages say of themselves; a test compares.

## Needed by the lab

{needed}

Two programs reach the browser from these packages: plotly.js (in plotly, MIT License, Copyright Plotly, Inc.) draws the charts,
and Streamlit's page (Apache License 2.0, Copyright Snowflake Inc.) is around them.

## Proprietary: the libraries of NVIDIA GPUs

The ordinary torch for Linux brings these with it. They are no free software: NVIDIA's own licences hold for them, which their
`License.txt` and NVIDIA's website give. A CPU-only torch (see README) does without, and the lab then installs none of them.

{proprietary}

`cuda-toolkit` holds no program: it only names the others. These belong to them and are free:

{beside}

## Needed for the tests, lint and types alone

{tests}
"""


def main() -> int:
    """Write the file anew."""
    NOTICES.write_text(text(), encoding="utf-8")
    return 0


def text() -> str:
    """What the file has to say. Raises PackageNotFoundError where what the locks name is not installed."""
    gpu = {name: licence(name) for name in locked("requirements-cuda.lock")}
    theirs = {name: said for name, said in gpu.items() if NVIDIA.search(name + said) or name == "cuda-toolkit"}
    return TEXT.format(
        needed=table({name: licence(name) for name in locked("requirements.lock")}),
        proprietary=table(theirs),
        beside=table({name: said for name, said in gpu.items() if name not in theirs}),
        tests=table({name: licence(name) for name in locked("requirements-dev.lock")}),
    )


def locked(file: str) -> list[str]:
    """Names of the packages in a lock, each once."""
    return list(dict.fromkeys(re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)))


def licence(name: str) -> str:
    """A package's licence in a line, as its metadata gives it: the expression, else the field, else the classifiers."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    said = metadata.metadata(name)
    classifiers = [each.split(" :: ")[-1] for each in said.get_all("Classifier") or [] if each.startswith("License ::")]
    expression, field = ((said.get_all(key) or [""])[0].strip() for key in ("License-Expression", "License"))
    return expression or (field if "\n" not in field else "") or ", ".join(classifiers) or "not said"


def table(licences: dict[str, str]) -> str:
    """As Markdown."""
    return "\n".join(["| package | licence |", "| --- | --- |", *(f"| {name} | {said} |" for name, said in licences.items())])


if __name__ == "__main__":
    sys.exit(main())
