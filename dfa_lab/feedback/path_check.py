"""Before a network is trained: does the error take the path that the rule promises, and no other?

Asked of the code by what its backward pass does with a few samples, in training and in a test, since what a network's code
does cannot be read off its layers' names. For the lab's own networks a test shows that they pass, so they need not be asked.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from dfa_lab import networks
from dfa_lab.data import Facts
from dfa_lab.feedback import rule_class
from dfa_lab.feedback.description import Promise
from dfa_lab.feedback.rule import Rule
from dfa_lab.feedback.tracing import Kind, Product, Trace
from dfa_lab.networks import Network, own_file
from dfa_lab.seeding import governed
from dfa_lab.seeding import number as seeded
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import refuse

SAMPLES = 2

THROUGH = "its error would pass through forward weights, as in backpropagation, where no feedback matrix can stand for them"
OWN_LAYERS = "Let nn.Linear or nn.Conv2d make these products, called as a layer, or train without this rule"
UNUSED = "a trial did not use these weights, so nobody can know whether the error would pass through them"
LEAVE_OUT = "Take them out of the network, or train without this rule"
KEPT = "a tensor that is kept from one block to another would take the error of {} to parameters of others"
ONE_BLOCK = "Hand it on in what the blocks return, make one block of them, or train without this rule"


@dataclass(frozen=True)
class Detour:
    """A way of the error that the rule must not use: `where` the network has it, `why` the error would go there, and what to
    do `instead`, in words."""

    where: tuple[str, ...]
    why: str
    instead: str

    def __str__(self) -> str:
        return f"{self.why} ({'; '.join(self.where)}). {self.instead}"


def check(experiment: Experiment, facts: Facts) -> None:
    """Ask all rules of an experiment, on its own network, which is trained for no step. Raises SettingsError, with a sentence
    for each rule that the network would make another one, and for a network that cannot be passed through."""
    if not experiment.network_file:
        return
    if problems := _problems(experiment, facts, own_file.find(experiment).read_bytes()):  # type: ignore[arg-type]  # it is frozen
        raise SettingsError(problems)


@lru_cache(64)  # a form is drawn again and again, and then its experiment started
def _problems(experiment: Experiment, facts: Facts, text: bytes) -> list[str]:
    """`text` of the network's file: another one is another network."""
    problems = []
    for name in experiment.rules:
        if rule_class(name).promise not in (Promise.LAYERWISE, Promise.DIRECT, Promise.NOTHING):
            continue

        def look(network: Network, name: str = name) -> Detour | None:
            rule = rule_class(name)(network, experiment.feedback_magnitude, lambda _, shape, bound: torch.zeros(shape))
            return detour(rule, network, torch.rand(SAMPLES, *facts.shape))  # of zeros a network may do otherwise

        try:
            with governed(seeded(experiment.seeds[0], "own network")):
                found = networks.tried(experiment, facts, look)
        except SettingsError as error:
            problems += error.problems
        except Exception as error:
            said = own_file.explain(error, experiment, f"a trial of {name}, on {SAMPLES} samples,")
            problems.append(said or str(error))
        else:
            if found:
                without = f"rules without {name} for {experiment.network}: {found}"
                problems.append(refuse("rules", experiment.rules, without))
    return list(dict.fromkeys(problems))


def detour(rule: Rule, network: Network, x: Tensor) -> Detour | None:
    """What is wrong with the rule's path through the network, if anything; x (N, …) are a few samples.

    Nothing of the network is changed but its buffers and its .grad. Raises what the network raises.
    """
    promise = type(rule).promise
    for training in (True, False):
        network.mode(training)
        found = None
        if promise is Promise.LAYERWISE:
            found = _through_weights(rule, network, x)
        elif promise in (Promise.DIRECT, Promise.NOTHING):
            found = _beyond_blocks(rule, network, x)
        if found:
            return found
    return None


def traced(rule: Rule | None, network: Network, x: Tensor, e: Tensor | None = None, cut: bool = False) -> Trace:
    """A trace of one forward and backward pass of the rule; None: of plain automatic differentiation, through the whole
    network or, `cut`, through each block alone. `e`: ∂L/∂y (N, C); None: any."""
    trace = Trace(_weights(network), _feedback(rule, network), [x])
    with torch.enable_grad(), network.through_weights() if rule is None else nullcontext(), trace:
        hs, y = network.hidden(x, cut) if rule is None else rule.hidden(network, x)
        e = torch.ones_like(y, requires_grad=False) if e is None else e
        trace.errors(e)
        if cut:
            torch.autograd.backward([*hs, y], [*map(_error_like(trace), hs), e])
        elif rule is None:
            y.backward(e)
        else:
            rule.backward(hs, y, e)
    network.zero_grad()
    return trace


def _error_like(trace: Trace) -> Callable[[Tensor], Tensor]:
    def make(h: Tensor) -> Tensor:
        e = torch.ones_like(h, requires_grad=False)
        trace.errors(e)
        return e

    return make


def _through_weights(rule: Rule, network: Network, x: Tensor) -> Detour | None:
    trace = traced(rule, network, x)
    weights = _weights(network)
    wrong = [product for product in trace.products if product.kind is Kind.WEIGHTS]
    if wrong or trace.through:
        names = list(dict.fromkeys([*_names(wrong), *sorted(trace.through)]))
        matrices = [name for name in names if weights[name].dim() > 1] or names
        return Detour(tuple(_places(network, matrices)), THROUGH, OWN_LAYERS)
    unused = [name for name in weights if name not in trace.touched and _matrix(network, name)]
    if unused:
        return Detour(tuple(_places(network, unused)), UNUSED, LEAVE_OUT)
    return None


def _beyond_blocks(rule: Rule, network: Network, x: Tensor) -> Detour | None:
    """A tensor that one block keeps and another uses takes the error of the latter to the former."""
    with torch.enable_grad():
        hs, y = rule.hidden(network, x)
    parts = [*network.blocks, network.readout]
    for number, (part, out) in enumerate(zip(parts, [*hs, y], strict=True), start=1):
        own = set(part.parameters())
        names = [name for name, p in network.named_parameters() if p not in own and p in _reached(out)]
        if names:
            here = "the readout" if part is network.readout else f"block {number}"
            return Detour(tuple(_places(network, names)), KEPT.format(here), ONE_BLOCK)
    return None


def _reached(out: Tensor) -> set[Tensor]:
    """The parameters to which a backward pass from here would bring a gradient."""
    found, seen, rest = set(), set(), [out.grad_fn] if out.grad_fn is not None else []
    while rest:
        node = rest.pop()
        if node in seen:
            continue
        seen.add(node)
        if (leaf := getattr(node, "variable", None)) is not None:
            found.add(leaf)
        rest += [below for below, _ in node.next_functions if below is not None]
    return found


def _weights(network: Network) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in network.named_parameters()}


def _feedback(rule: Rule | None, network: Network) -> Iterator[Tensor]:
    yield from (layer.feedback for _, layer in network.layers() if layer.feedback is not None)
    if rule is not None:
        yield from rule.buffers()
        yield from rule.matrices(network).values()


def _names(products: Iterable[Product]) -> list[str]:
    return list(dict.fromkeys(name for product in products for name in product.weights))


def _matrix(network: Network, name: str) -> bool:
    """Whether a parameter could be a matrix, and is not in one of the lab's own layers, which always send through B."""
    path, _, short = name.rpartition(".")
    lab = {layer for _, layer in network.layers()}
    return network.get_parameter(name).dim() > 1 and network.get_submodule(path) not in lab


def _places(network: Network, names: Iterable[str]) -> Iterator[str]:
    """ "GRU in block 2: 1.weight_hh_l0" for each module: where somebody who wrote the blocks finds these parameters."""
    by_module: dict[str, list[str]] = {}
    for name in names:
        by_module.setdefault(name.rpartition(".")[0].partition(".parametrizations")[0], []).append(name)
    for path, all_names in by_module.items():
        kind = type(network.get_submodule(path)).__name__
        _, _, within = all_names[0].partition(".")
        block, _, _ = within.partition(".")
        said = ", ".join(name.removeprefix(f"blocks.{block}.") for name in all_names[:2])
        more = f" and {len(all_names) - 2} more" if len(all_names) > 2 else ""
        here = f"block {int(block) + 1}" if all_names[0].startswith("blocks.") else "the readout"
        yield f"{kind} in {here}: {said}{more}"
