"""The command line: python -m dfa_lab train … trains without a page, python -m dfa_lab ui opens the lab."""

from dfa_lab.allocator import keep_memory
from dfa_lab.cli import app

if __name__ == "__main__":
    keep_memory()
    app()
