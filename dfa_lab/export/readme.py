"""README.txt of an export: what each file is, for somebody who has nothing but the zip."""

from collections.abc import Mapping
from datetime import UTC, datetime

from dfa_lab.export import layout
from dfa_lab.export.records_table import COLUMNS
from dfa_lab.records import METRICS
from dfa_lab.runs.store.known_wrong import SAID
from dfa_lab.runs.store.store import Stored
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import describe

TEXT = """\
{title}
{line}

An experiment of DFA Lab: networks that learn by {rules}, side by side.
Id {id}, {state}{why}, begun {created}.

Files
{files}

Weights and feedback: {weights}.
{script}
Import it into another lab: python -m dfa_lab import FILE.zip, or Import on the page Experiments.
manifest.json has the version of this layout and the SHA-256 of every file.
Nothing in the zip has to be executed to be read: safetensors files hold numbers alone, no pickle.

Columns of the records
{columns}
{left_out}
Metrics
{metrics}
"""


def readme(
    stored: Stored, experiment: Experiment, files: Mapping[str, str], weights: str, no_script: str, left_out: bool = False
) -> bytes:
    """`files`: what each is, by its name; `weights`: where they come from; `no_script`: why there is none, or empty;
    `left_out`: values that are known to be wrong are."""
    title = describe(experiment)
    text = TEXT.format(
        title=title,
        line="=" * len(title),
        rules=", ".join(experiment.rules),
        id=stored.id,
        state=stored.state,
        why=f" ({stored.sentence})" if stored.sentence else "",
        created=datetime.fromtimestamp(stored.created, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        files=_list({layout.README: layout.ABOUT[layout.README], **files}),
        weights=weights,
        script=f"{no_script}\n" if no_script else "",
        columns=_list(COLUMNS),
        left_out=f"\n{SAID}\n" if left_out else "",
        metrics=_list({name: f"{about} ({unit})" if unit else about for name, (unit, about) in METRICS.items()}),
    )
    return text.encode()


def _list(items: Mapping[str, str]) -> str:
    width = max(map(len, items))
    return "\n".join(f"  {name.ljust(width)}  {about}" for name, about in items.items())
