"""Proof 1: does the error come back through the weights of the layers above?

The weights W of one upper layer are changed at random, and the gradients of the layers below are compared with before:

- *backward*: the forward pass is done first, and only then is W changed. Activations and error are exactly the same;
  the backward pass alone sees other weights.
- *forward*: W is really changed, the forward pass is done with it, and the error of before is handed in. The
  layers below see the same inputs, but what lies between them and the output is in another state.
"""

from dataclasses import dataclass

from dfa_lab.measure.lengths import length
from dfa_lab.proofs.subject import Subject, change
from dfa_lab.proofs.verdicts import Finding, Promise, fails, passes, undecided, unknown

QUESTION = "Does the error come back through the weights of the layers above?"
HOW = (
    "One batch passes forward. Then random noise as large as the weights themselves is added to W of one upper layer, so "
    "that the backward pass alone sees other weights: activations and output error e are those of before. A cell is by how "
    "much the gradient of a layer below then differs, |G' − G| / |G|. In the second picture W is changed before the forward "
    "pass and the same e is handed in: now fa may differ too, since its signal passes the local derivatives f'(a) of "
    "the changed layer, whose activations are others. dfa's signal e·B passes nothing."
)
MOVED = 1e-6
STILL = 1e-12

Cells = dict[tuple[int, int], float | None]  # (changed layer k, layer l < k) -> relative change, None: no gradient there


@dataclass(frozen=True)
class Transport:
    """How one rule's gradients follow the weights above them."""

    backward: Cells
    forward: Cells
    lengths: dict[int, float]  # |G_l| before, of every hidden block that is shown
    finding: Finding


def transport(subject: Subject) -> Transport:
    """Change each upper layer in turn."""
    before = subject.gradients()
    backward: Cells = {}
    forward: Cells = {}
    for k in subject.shown[1:]:
        found = subject.gradients(meanwhile=subject.changed_weights(k))
        with subject.changed_weights(k):
            other = subject.gradients()
        for l in subject.shown:
            if l < k:
                backward[k, l], forward[k, l] = change(found[l], before[l]), change(other[l], before[l])
    lengths = {l: float(length(before[l].flatten())) for l in subject.shown if l <= subject.blocks}
    return Transport(backward, forward, lengths, _judge(subject, backward, forward, lengths))


def _judge(subject: Subject, backward: Cells, forward: Cells, lengths: dict[int, float]) -> Finding:
    name, kind = subject.name, subject.promise
    if kind is Promise.UNKNOWN:
        return unknown(name)
    if kind is Promise.NOTHING:
        moved = [l for l, size in lengths.items() if size]
        if moved:
            return fails(name, f"Hidden layer {moved[0]} has a gradient, though nothing should reach it.")
        return passes(name, "No hidden layer has a gradient: nothing comes back at all.")
    if not any(lengths.values()):
        return fails(name, "No hidden layer has a gradient: no signal arrives.")
    seen = [value for value in backward.values() if value is not None]
    if not seen:
        return undecided(name, "The layers below have no gradient on this batch: there is nothing to compare.")
    if kind is Promise.WEIGHTS:
        if min(seen) > MOVED:
            return passes(name, f"Every gradient below moves with the weights above it, by {min(seen):.0%} or more.")
        k, l = min(((cell, v) for cell, v in backward.items() if v is not None), key=lambda one: one[1])[0]
        stays = f"The gradient of layer {l} stays although W{k} above it changes"
        if subject.as_differentiated:
            return undecided(
                name,
                f"{stays}, yet all gradients are those of automatic differentiation: errors go through copies made in "
                "the forward pass, as weight norm does, or in a way of its own, and a change comes too late to be seen.",
            )
        return fails(name, f"{stays}: this is not backpropagation.")
    worst = _first_moved(backward)
    if worst and kind is Promise.LAYERWISE and not subject.through_weights:
        return undecided(
            name,
            f"The gradient of layer {worst[1]} moves with W{worst[0]} above it, yet no error meets a forward weight: "
            "the backward pass makes parts of the forward pass again, as checkpoints do, and those see the change.",
        )
    if worst:
        return fails(name, f"The gradient of layer {worst[1]} moves with W{worst[0]} above it: the error travels through W.")
    if kind is Promise.LAYERWISE:
        readout = subject.blocks + 1  # linear: it has no local derivative that could differ
        if worst := _first_moved({cell: v for cell, v in forward.items() if cell[0] == readout}):
            return fails(
                name, f"The gradient of layer {worst[1]} moves with the readout's weights: the error travels through W."
            )
        return passes(name, f"When only the backward pass sees other weights, no gradient moves: largest change {max(seen):g}.")
    if worst := _first_moved(forward):
        return fails(name, f"The gradient of layer {worst[1]} depends on W{worst[0]} above it, though e is the same.")
    return passes(name, f"Whichever weights above are changed, and however, no gradient moves: largest change {max(seen):g}.")


def _first_moved(cells: Cells) -> tuple[int, int] | None:
    return next((cell for cell, value in cells.items() if value is not None and value > STILL), None)
