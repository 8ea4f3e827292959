"""Zips that differ from an honest export, each by one mutation, drawn by a seeded generator."""

import random

from tests.attacks import mutated_archives, mutated_contents
from tests.attacks.mutations import MUTATIONS

assert {mutated_archives.__name__, mutated_contents.__name__} == {one.__module__ for one in MUTATIONS.values()}


def mutated(raw: bytes, number: int, seed: int) -> tuple[str, bytes]:
    """The name of mutation `number`, in turn, and the zip that it makes with this seed."""
    name = list(MUTATIONS)[number % len(MUTATIONS)]
    return name, MUTATIONS[name](raw, random.Random(f"{seed} {number}"))
