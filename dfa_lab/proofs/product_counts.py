"""Proof 3: which products does the backward pass compute, and how many multiplications are they?

Counted where torch executes them, so what is computed and thrown away counts as well.
"""

from dataclasses import dataclass

from dfa_lab.feedback.path_check import traced
from dfa_lab.feedback.tracing import Kind, Trace
from dfa_lab.proofs.subject import Subject
from dfa_lab.proofs.verdicts import Finding, Promise, fails, passes, unknown

QUESTION = "Which products does the backward pass really compute?"
HOW = (
    "Every matrix product and convolution of one backward pass is caught at the moment torch executes it, and is told apart "
    "by its operands: a forward weight W (or what was made of it), a feedback matrix B, or neither, which are the gradients of "
    "the weights. A bar's length are its multiplications for one sample. How many there should be is written nowhere: "
    "plain backpropagation through the same network, and through each block alone, is counted the same way."
)


@dataclass(frozen=True)
class Count:
    """`number` of products with `multiplications` in all, for one sample; `unknown`: how many of them are made within an
    operation of torch that does not show its multiplications, which are then more."""

    number: int = 0
    multiplications: float = 0.0
    unknown: int = 0

    def plus(self, multiplications: float | None) -> "Count":
        return Count(self.number + 1, self.multiplications + (multiplications or 0.0), self.unknown + (multiplications is None))

    def words(self) -> str:
        """ "3 (1,200)", or "3 (1,200 and more)"."""
        return f"{self.number} ({self.multiplications:,.0f}{' and more' if self.unknown else ''})"


Counts = dict[Kind, Count]


@dataclass(frozen=True)
class Products:
    """The products of one rule's backward pass."""

    counts: Counts
    finding: Finding


def products(subject: Subject) -> Products:
    """Count them in one backward pass, and compare with those of bp through the whole and through each block alone."""
    network, x, e = subject.network, subject.x, subject.e
    counts = _counts(traced(subject.rule, network, x, e), len(x))
    whole, alone = (_counts(traced(None, network, x, e, cut), len(x)) for cut in (False, True))
    return Products(counts, _judge(subject, counts, whole, alone))


def _counts(trace: Trace, samples: int) -> Counts:
    counts = {kind: Count() for kind in Kind}
    for product in trace.products:
        size = product.multiplications
        counts[product.kind] = counts[product.kind].plus(None if size is None else size / samples)
    return counts


def _judge(subject: Subject, counts: Counts, bp: Counts, alone: Counts) -> Finding:
    """`alone`: those inside the blocks and of the readout, which a rule that cuts them from each other does as well."""
    name, kind, blocks = subject.name, subject.promise, subject.blocks
    W, B, dW = (counts[k].number for k in (Kind.WEIGHTS, Kind.FEEDBACK, Kind.GRADIENTS))
    bp_W, bp_dW = bp[Kind.WEIGHTS].number, bp[Kind.GRADIENTS].number
    inside_W, inside_dW = alone[Kind.WEIGHTS].number, alone[Kind.GRADIENTS].number
    wanted = {
        Promise.WEIGHTS: (bp_W, 0, bp_dW),
        Promise.LAYERWISE: (0, bp_W, bp_dW),
        Promise.DIRECT: (inside_W, blocks, inside_dW),
        Promise.NOTHING: (0, 0, 1),
    }.get(kind)
    if wanted is None:
        return unknown(name)
    inside = " (inside blocks)" if kind is Promise.DIRECT and inside_W == W and W else ""
    said = f"{W} with W{inside}, {B} with B, {dW} for weight gradients"
    if (W, B, dW) == wanted:
        return passes(name, f"{said}: exactly those that its definition needs.")
    if (surplus := W - wanted[0]) > 0:
        return fails(name, f"{said}: {surplus} with W should not be computed at all.")
    return fails(name, f"{said}, and not {wanted[0]}, {wanted[1]} and {wanted[2]}.")
