"""What dfa-torch does otherwise when it binds a rule to a network."""

from dfa_lab.feedback.distributions import half_width
from dfa_lab.feedback.rule import DirectRule, Draw, Rule
from dfa_lab.networks import Network, zero_weights
from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.settings.experiment import Experiment


def starts_at_zero(experiment: Experiment) -> bool:
    """Whether the paper's zero weights are for such a network: of tanh or sigmoid, and none that its author draws."""
    return not experiment.network_file and experiment.nonlin in ("tanh", "sigmoid")


def as_dfa_torch(rule: Rule, network: Network, experiment: Experiment, draw: Draw) -> None:
    """Give the rule dfa-torch's feedback, and the network its initial weights.

    - ce with a direct rule: the target is broadcast, since its log-softmax is a layer of the network (1.3).
    - Feedback in layers (fa), magnitude 0: B starts as a copy of the random W. A first convolution has one too.
    - tanh and sigmoid: dfa zeroes every layer; fa zeroes all but a dense first one.
    """
    if isinstance(rule, DirectRule):
        rule.broadcasts_target = experiment.criterion == "ce"
    layers = [layer for _, layer in network.layers()]
    through_layers = any(layer.feedback is not None for layer in layers)
    if through_layers:
        if isinstance(layers[0], Conv2d):
            shape = tuple(layers[0].weight.shape)
            layers[0].feedback = draw(0, shape, half_width(shape, experiment.feedback_magnitude))
        if not experiment.feedback_magnitude:
            for layer in layers:
                if layer.feedback is not None:
                    layer.feedback = layer.weight.detach().clone()
    if rule.paper_starts_at_zero and starts_at_zero(experiment):
        zero_weights(network, but_first=through_layers and isinstance(layers[0], Linear))
