"""The parts of the standalone script, each as text."""

from collections.abc import Mapping, Sequence

from dfa_lab.feedback.description import ScriptLines
from dfa_lab.settings.experiment import RULES, Experiment

Lines = Mapping[str, ScriptLines]  # of each rule of the experiment, in the experiment's order

HEAD = '''
"""{title}: trained by PyTorch alone.

Written by DFA Lab from the settings of an experiment. It needs {needs}, and draws the weights, the feedback
and the order of the samples from the same generators as the lab, so its losses are the lab's but for rounding.

    python reproduce.py

Shapes: N samples, C classes, n units of a layer; h (N, n), W (out, in), e (N, C).
"""

import hashlib
{standard}from math import {math}

import numpy as np
import torch
import torch.nn.functional as F
{other}
'''
CONSTANTS = {
    "HIDDEN": "  # units of every hidden layer",
    "BATCH": "  # samples of a step",
    "WHOLE_BATCHES": "  # whether a smaller last batch of an epoch is left out",
    "RATE": "  # learning rate",
    "DECAY": "  # the rate of step t is divided by 1 + t * this",
    "HALVE_EVERY": "  # epochs after which the rate is multiplied with FACTOR",
    "WARM_UP": "  # epochs in which the rate rises from 0",
    "MAGNITUDE": "  # feedback is as wide as +-this; 0: 1/sqrt(n), n the units that receive it",
    "TRAIN_SAMPLES": "  # of each class equally many, as far as there are so many",
    "SCALES": "  # factors of the feedback's spread, of each hidden layer",
    "FEEDBACK_SEED": "  # None: that of the run",
}
GENERATOR = '''
def generator(*purpose):
    """A stream of random numbers of its own for every purpose, such as (seed, "weights")."""
    digest = hashlib.blake2b("/".join(map(str, purpose)).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)
'''
_WEIGHTS = '''
def draw_weights(sizes, seed, rule):
    """[(W, b)] of every layer, {about}, the same for every rule."""
    stream, layers = generator(seed, "weights"), []
    for n_in, n_out in zip(sizes, sizes[1:]):
{draw}
        layers.append({kept})
{zero}    for W, b in layers:
        W.requires_grad_()
        if b is not None:
            b.requires_grad_()
    return layers
'''
_ORDINARY = """        bound = 1 / sqrt(n_in)
        W = torch.empty(n_out, n_in).uniform_(-bound, bound, generator=stream)
        b = torch.empty(n_out).uniform_(-bound, bound, generator=stream)"""
_NONLIN = """        nonlin = "{nonlin}" if len(layers) + 2 < len(sizes) else "linear"
"""
_NAMED = """        W, b = torch.empty(n_out, n_in), torch.zeros(n_out)
{nonlin}        torch.nn.init.{call}"""
INITIAL = {  # in words, and in lines
    "ordinary": ("uniform in +-1/sqrt(inputs)", _ORDINARY),
    "paper": ("uniform in +-1/sqrt(inputs)", _ORDINARY),
    "kaiming": (
        "normal with a spread of gain/sqrt(inputs)",
        _NAMED.format(nonlin=_NONLIN, call="kaiming_normal_(W, nonlinearity=nonlin, generator=stream)"),
    ),
    "xavier": (
        "uniform in +-sqrt(6/(inputs + outputs))",
        _NAMED.format(nonlin="", call="xavier_uniform_(W, generator=stream)"),
    ),
    "orthogonal": (
        "with rows or columns at right angles",
        _NAMED.format(nonlin=_NONLIN, call="orthogonal_(W, torch.nn.init.calculate_gain(nonlin), generator=stream)"),
    ),
}
ZERO = """    if rule in ({rules}):  # as in Nøkland (2016)
        for W, b in layers:
            W.zero_()
            if b is not None:
                b.zero_()
"""
_FEEDBACK = '''
def draw_feedback(size, seed, block):
    """B of the shape `size`, for the hidden layer `block`, counted from 1."""
    seed = seed if FEEDBACK_SEED is None else FEEDBACK_SEED
    bound = MAGNITUDE or 1 / sqrt(size[1]){scale}
    stream = generator(seed, "feedback", block)
{draw}
'''
_STD = "    std = bound / sqrt(3)  # the spread of the uniform distribution\n"
DISTRIBUTIONS = {
    "uniform": "    return torch.empty(size).uniform_(-bound, bound, generator=stream)",
    "normal": _STD + "    return torch.empty(size).normal_(0, std, generator=stream)",
    "signs": _STD + "    return (2 * torch.empty(size).bernoulli_(0.5, generator=stream) - 1) * std",
    "orthogonal": _STD
    + """    short, long = sorted(size)
    Q, R = torch.linalg.qr(torch.empty(long, short, dtype=torch.float64).normal_(generator=stream))
    Q = (Q * R.diagonal().sign() * std * sqrt(long)).float()
    return (Q if size[0] >= size[1] else Q.T).contiguous()""",
    "sparse": _STD
    + """    there = torch.empty(size).bernoulli_({density}, generator=stream).bool()
    normal = torch.empty(size).normal_(0, 1.0, generator=stream)
    return torch.where(there, normal * (std / sqrt({density})), 0.0)""",
    "low_rank": _STD
    + """    rank = min({rank}, *size)
    left = torch.empty(size[0], rank).normal_(0, std / sqrt(rank), generator=stream)
    return left @ torch.empty(rank, size[1]).normal_(0, 1.0, generator=stream)""",
    "shared": """    rows = []  # every block has the first rows and columns of one matrix, drawn in portions of 1024
    for row in range(size[0]):
        stream = generator(seed, "feedback", "shared", row)
        portions = [torch.empty(1024).uniform_(-1, 1, generator=stream) for _ in range(-(-size[1] // 1024))]
        rows.append(torch.cat(portions)[: size[1]])
    return torch.stack(rows) * bound""",
}
THROUGH_FEEDBACK = '''
class ThroughFeedback(torch.autograd.Function):
    """h @ W.T + b whose backward pass sends the error through B in the place of W."""

    @staticmethod
    def forward(ctx, h, W, b, B):
        ctx.save_for_backward(h, B)
        ctx.has_bias = b is not None
        return F.linear(h, W, b)

    @staticmethod
    def backward(ctx, delta):
        h, B = ctx.saved_tensors
        return delta @ B, delta.T @ h, delta.sum(0) if ctx.has_bias else None, None
'''
NONLINEARITIES = {"tanh": "torch.tanh", "sigmoid": "torch.sigmoid", "relu": "torch.relu"}
_THROUGH = """        if {through} and l > 0:
            a = ThroughFeedback.apply(h, W, b, Bs[l - 1])
        else:
            a = F.linear(h, W, b)
"""
_FORWARD = '''
def forward(layers, Bs, rule, x):
    """([h of every hidden layer], y), y (N, C) the logits."""
    hs, h = [], x
    for l, (W, b) in enumerate(layers):
{cut}{affine}        h = {f}(a) if l + 1 < len(layers) else a
        hs.append(h)
    return hs[:-1], h
'''
_CUT = """        if l > 0 and ({cut}):
            h = h.detach()  # layers are cut from each other
"""
LOSSES = {
    "bce": '''
def loss(y, t):
    """(N,): binary cross-entropy of one logistic unit a class, summed over the classes."""
    return F.softplus(y).sum(1) - y.gather(1, t[:, None]).squeeze(1)


def error(y, t):
    """e, the gradient of the mean loss at y."""
    return (torch.sigmoid(y) - F.one_hot(t, y.shape[1])) / len(y)
''',
    "ce": '''
def loss(y, t):
    """(N,): softmax cross-entropy."""
    return F.cross_entropy(y, t, reduction="none")


def error(y, t):
    """e, the gradient of the mean loss at y."""
    return (torch.softmax(y, 1) - F.one_hot(t, y.shape[1])) / len(y)
''',
}
_GRADIENTS = '''
def gradients(rule, Bs, hs, y, e):
    """Leave the rule's gradient in .grad of every weight and bias that it trains."""
{body}
'''
TRAIN = '''
def train(rule, seed, x_train, t_train, x_test, t_test):
    """Print the losses and errors of every epoch."""
    sizes = [x_train.shape[1], *HIDDEN, CLASSES]
    layers = draw_weights(sizes, seed, rule)
    Bs = feedback(rule, sizes, seed)
    parameters = [p for layer in layers for p in layer if p is not None]
    optimizer = {optimizer}
    used = len(x_train) - len(x_train) % BATCH if WHOLE_BATCHES else len(x_train)
    step = 0
    for epoch in range(EPOCHS):
        order = torch.randperm(len(x_train), generator=generator(seed, "batches", epoch))[:used]
        total = wrong = 0.0
        for rows in order.split(BATCH):
            x, t = x_train[rows], t_train[rows]
{rate}            optimizer.zero_grad()
            hs, y = forward(layers, Bs, rule, x)
            gradients(rule, Bs, hs, y, error(y.detach(), t))
            optimizer.step()
            step += 1
            total += loss(y.detach(), t).double().sum().item()
            wrong += (y.argmax(1) != t).sum().item()
        with torch.no_grad():
            y = forward(layers, Bs, rule, x_test)[1]
            test_loss, test_error = loss(y, t_test).double().mean().item(), (y.argmax(1) != t_test).double().mean().item()
        figures = total / used, wrong / used, test_loss, test_error
        print(rule, seed, epoch + 1, *(f"{{figure:.9g}}" for figure in figures), flush=True)
'''
MAIN = """
if __name__ == "__main__":
    data = load()
    print("rule seed epoch train_loss train_error test_loss test_error")
    for seed in SEEDS:
        for rule in RULES:
            train(rule, seed, *data)
"""


def weights(experiment: Experiment, zero: str) -> str:
    """`draw_weights`; `zero`: the lines that set some rules' to zero."""
    about, draw = INITIAL[experiment.init]
    kept = "(W, b)" if experiment.bias else "(W, None)"
    return _WEIGHTS.format(about=about, draw=draw.format(nonlin=experiment.nonlin), kept=kept, zero=zero)


def feedback(experiment: Experiment, rules: Lines) -> str:
    """`draw_feedback`, and `feedback`, which gives all matrices of a rule."""
    draw = DISTRIBUTIONS[experiment.feedback_distribution]
    draw = draw.format(density=experiment.feedback_density, rank=experiment.feedback_rank)
    cases = []
    for rule, lines in sorted(rules.items(), key=lambda one: RULES.index(one[0])):
        if lines.feedback:
            cases += [f'    if rule == "{rule}":  # {lines.about_feedback}', f"        return {lines.feedback}"]
    if not cases:
        return '''
def feedback(rule, sizes, seed):
    """These rules have none."""
    return []
'''
    body = "\n".join(cases)
    return f'''{_FEEDBACK.format(draw=draw, scale=_scale(experiment)).strip()}


def feedback(rule, sizes, seed):
    """[B] of every hidden layer; a rule without feedback has none."""
{body}
    return []
'''


def _scale(experiment: Experiment) -> str:
    """A line more where feedback has another scale."""
    if experiment.feedback_scales == (1.0,):
        return ""
    return f"\n    bound *= SCALES[{'block - 1' if len(experiment.feedback_scales) > 1 else '0'}]"


def forward(experiment: Experiment, rules: Lines) -> str:
    """`forward`, with what the rules need."""
    cut = [rule for rule, lines in rules.items() if lines.cut]
    through = [rule for rule, lines in rules.items() if lines.through_feedback]
    with_feedback = _one_of(through) if len(through) == 1 else f"({_one_of(through)})"
    return _FORWARD.format(
        cut=_CUT.format(cut=_one_of(cut)) if cut else "",
        affine=_THROUGH.format(through=with_feedback) if through else "        a = F.linear(h, W, b)\n",
        f=NONLINEARITIES[experiment.nonlin],
    )


def gradients(rules: Lines) -> str:
    """`gradients`, for these rules alone."""
    shared: dict[tuple[str, str], list[str]] = {}
    for rule, lines in rules.items():
        shared.setdefault((lines.gradients, lines.about), []).append(rule)
    # a comment that names its rules can stand beside an `else`, which names none
    order = sorted(shared.items(), key=lambda one: ("{rules}" in one[0][1], RULES.index(one[1][0])))
    cases = [(_one_of(names), body, about.format(rules=" and ".join(names))) for (body, about), names in order]
    if len(cases) == 1:
        _, body, about = cases[0]
        return _GRADIENTS.format(body=f"    {body}  # {about}")
    said = []
    for place, (condition, body, about) in enumerate(cases):
        if place + 1 < len(cases):
            said += [f"    {'elif' if place else 'if'} {condition}:", f"        {body}  # {about}"]
        else:
            said += [f"    else:  # {about}", f"        {body}"]
    return _GRADIENTS.format(body="\n".join(said))


def _one_of(rules: Sequence[str]) -> str:
    """The condition under which one of them is trained."""
    return " or ".join(f'rule == "{rule}"' for rule in rules)
