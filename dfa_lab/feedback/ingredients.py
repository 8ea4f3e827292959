"""What a tensor of a traced pass was made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

Sum = tuple[str, int]  # the name of a matrix, and the number of the operation that put data beside it


@dataclass(frozen=True)
class Made:
    """What a tensor was made of: `weights` by name, `data`, an `error`, `feedback`; `repeated`: it holds copies of units.

    `scaled` and `shifted`: names of matrices in it whose entries data have multiplied, or been added to, without a sum over
    them; `added`: sums of matrices and data in it, entry by entry; `came`: those that it descends from as a signal, by other
    ways than a product in which such a sum was the matrix; `taught`: there are activities in it or below it that weights have
    made; `through`: names of matrices of that kind that an error has been multiplied with.
    """

    weights: frozenset[str] = frozenset()
    data: bool = False
    error: bool = False
    feedback: bool = False
    repeated: bool = False
    scaled: frozenset[str] = frozenset()
    shifted: frozenset[str] = frozenset()
    added: frozenset[Sum] = frozenset()
    came: frozenset[Sum] = frozenset()
    taught: bool = False
    through: frozenset[str] = frozenset()

    @property
    def weight(self) -> bool:
        """Made of weights alone."""
        return bool(self.weights) and not (self.data or self.error or self.feedback)


NOTHING = Made()


def joined(made: Iterable[Made]) -> Made:
    """What a tensor is made of that is made of several."""
    made = [one for one in made if one is not NOTHING]
    if len(made) == 1:
        return made[0]
    return Made(
        frozenset().union(*(one.weights for one in made)),
        any(one.data for one in made),
        any(one.error for one in made),
        any(one.feedback for one in made),
        any(one.repeated for one in made),
        frozenset().union(*(one.scaled for one in made)),
        frozenset().union(*(one.shifted for one in made)),
        frozenset().union(*(one.added for one in made)),
        frozenset().union(*(one.came for one in made)),
        any(one.taught for one in made),
        frozenset().union(*(one.through for one in made)),
    )


def own(factors: Sequence[Made]) -> frozenset[Sum]:
    """Sums among these factors that another of them descends from: places that were added to activities, which then meet
    themselves, as in attention. A matrix beside one that data have made meets a signal that was there before."""
    pairs = permutations(factors, 2)
    return frozenset().union(*(one.added & other.came for one, other in pairs))
