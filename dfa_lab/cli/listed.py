"""A training of the command line in the store of a page, which lists it and shows it live."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from dfa_lab.cli.options import refused
from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment


class Listed:
    """One experiment of this process in the store; what the disk refuses is told at the end."""

    def __init__(self, folder: Path, experiment: Experiment, known: str = ""):
        """`known`: what whoever reads its figures has to know. Exit status 2, with a sentence, where nothing can be kept in the
        folder."""
        self._known = known
        self._store = Store(folder)
        if self._store.problem:
            problem = self._store.problem
            self._store.close()
            raise refused([f"--runs is {folder}: {problem}"])
        self.id = uuid.uuid4().hex[:10]
        self._store.create(self.id, experiment)
        self._store.set_state(self.id, "running")
        self._store.add_event(self.id, "running", "by the command line")

    def add(self, records: Sequence[Record]) -> None:
        self._store.add_records(self.id, records)

    def end(self, state: str, sentence: str = "") -> str:
        """Close the store; why not everything is in it, or nothing."""
        sentence = " ".join(filter(None, [sentence, self._known]))
        self._store.set_state(self.id, state, sentence)
        self._store.add_event(self.id, state, sentence)
        self._store.flush()
        problem = self._store.problem
        self._store.close()
        return f"runs (--runs): {problem}" if problem else ""
