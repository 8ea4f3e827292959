"""What a tensor of a traced pass was made of."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Made:
    """What a tensor was made of: `weights` by name, `data`, an `error`, `feedback`; `repeated`: it holds copies of units.

    `scaled` and `shifted`: names of matrices in it whose entries data have multiplied, or been added to, without a sum over
    them; `added`: of those that data stand beside, entry by entry; `taught`: there are activities in it or below it that
    weights have made; `through`: matrices of that kind that an error has been multiplied with.
    """

    weights: frozenset[str] = frozenset()
    data: bool = False
    error: bool = False
    feedback: bool = False
    repeated: bool = False
    scaled: frozenset[str] = frozenset()
    shifted: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
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
        any(one.taught for one in made),
        frozenset().union(*(one.through for one in made)),
    )
