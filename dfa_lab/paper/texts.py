"""The figures of a cell in words, the same on the page and on the command line."""

from dfa_lab.paper.outcomes import Outcome, compare
from dfa_lab.paper.tables import EPOCHS, MARKS, Published

SHAPES = {"lower": "▼", "near": "●", "higher": "▲"}  # ours against the published figure


def published(cell: Published) -> str:
    """ "1.60 ± 0.06"; without the mark of its certainty."""
    return f"{cell.error:.{cell.digits}f} ± {cell.std:.{cell.digits}f}"


def sign(cell: Published) -> str:
    """The mark of its certainty."""
    return MARKS[cell.mark][0]


def ours(outcome: Outcome) -> str:
    """ "1.72 ± 0.05", "1.72" of one seed, or "–" while nothing is known."""
    if outcome.error is None:
        return "–"
    return f"{outcome.error:.2f}" + ("" if outcome.std is None else f" ± {outcome.std:.2f}")


def seeds(outcome: Outcome) -> str:
    """ "3 seeds"."""
    return count(len(outcome.experiment.seeds), "seed")


def epochs(outcome: Outcome) -> str:
    """ "10 of 300 epochs" after which ours was measured: of the paper's, however few were asked for."""
    return f"{outcome.epoch} of {EPOCHS} epochs" + (", learning rate changed by hand" if outcome.changed else "")


def difference(outcome: Outcome, cell: Published) -> str:
    """ "▲ +0.12": the shape says how it compares, too."""
    if outcome.error is None:
        return ""
    points = round(outcome.error - cell.error, 2) + 0.0  # no −0.00
    return f"{SHAPES[compare(outcome.error, cell)]} {points:+.2f}".replace("-", "−")


def duration(seconds: float) -> str:
    """ "42 s", "12 min", "3 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def count(number: int, word: str) -> str:
    """ "1 seed", "3 seeds"."""
    return f"{number} {word}{'' if number == 1 else 's'}"
