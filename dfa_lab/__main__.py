"""The command line: dfa-lab train … trains without a page, dfa-lab ui opens the lab; python -m dfa_lab is the same."""

from dfa_lab.cli.main import app
from dfa_lab.machine.allocator import keep_memory


def main() -> None:
    """Run the command that the arguments name."""
    keep_memory()
    app()


if __name__ == "__main__":
    main()
