"""bp: backpropagation."""

from dfa_lab.feedback.description import Promise, ScriptLines
from dfa_lab.feedback.rule import ChainRule

PLACE = 1


class Bp(ChainRule):
    """The error travels back through the transposed forward weights: the true gradient."""

    title = "Backpropagation"
    equation = r"\delta_\ell = \left(\delta_{\ell+1} \odot f'(a_{\ell+1})\right) W_{\ell+1}"
    source = "Rumelhart, Hinton & Williams (1986)"
    colour = "#1C86CC"
    promise = Promise.WEIGHTS
    script = ScriptLines("y.backward(e)", "{rules}: from layer to layer")


RULE = Bp
