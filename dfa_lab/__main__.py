"""The command line: python -m dfa_lab train … trains without a page, python -m dfa_lab ui opens the lab."""

from dfa_lab.cli.main import app
from dfa_lab.machine.allocator import keep_memory

if __name__ == "__main__":
    keep_memory()
    app()
