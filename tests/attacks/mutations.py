"""The ways of changing an export, by name: mutated_archives.py and mutated_contents.py put theirs here."""

import random
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    """Put a function among MUTATIONS."""
    MUTATIONS[function.__name__] = function
    return function
