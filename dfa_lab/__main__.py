"""The command line: dfa-lab train … trains without a page, dfa-lab ui opens the lab; python -m dfa_lab is the same."""

import sys

from dfa_lab.machine import supervising
from dfa_lab.machine.allocator import keep_memory


def main() -> None:
    """Run the command that the arguments name."""
    if sys.argv[1:2] == ["ui"]:
        supervising.supervise()  # before anything large is imported: what starts the server anew stays small
    keep_memory()
    from dfa_lab.cli.main import app

    app()


if __name__ == "__main__":
    main()
