"""fa: feedback alignment."""

from dfa_lab.feedback.description import Promise, ScriptLines
from dfa_lab.feedback.rule import ChainRule, Draw, give_layers_feedback
from dfa_lab.networks import Network

PLACE = 2


class Fa(ChainRule):
    """The error travels back layer by layer as in bp, but through fixed random matrices B instead of W."""

    title = "Feedback alignment"
    equation = r"\hat\delta_\ell = \left(\hat\delta_{\ell+1} \odot f'(a_{\ell+1})\right) B_{\ell+1}"
    source = "Lillicrap, Cownden, Tweed & Akerman (2016); dfa-torch: -gradient fa"
    colour = "#009E73"
    paper_starts_at_zero = True
    replaces_weights = True
    promise = Promise.LAYERWISE
    script = ScriptLines(
        "y.backward(e)",
        "{rules}: from layer to layer",
        feedback="[draw_feedback((sizes[l + 1], sizes[l]), seed, l) for l in range(1, len(sizes) - 1)]",
        about_feedback="as W, of every layer above the first",
        through_feedback=True,
    )

    def __init__(self, network: Network, magnitude: float, draw: Draw):
        super().__init__(network, magnitude, draw)
        give_layers_feedback(network, magnitude, draw)


RULE = Fa
