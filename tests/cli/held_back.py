"""The command line, with its training held back from some step on (a script): `held_back.py STEP train …`."""

import sys

from dfa_lab.cli.main import app
from tests.holding import held

if __name__ == "__main__":
    step = int(sys.argv.pop(1))
    with held(step, thread="MainThread"):
        app()
