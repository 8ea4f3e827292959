"""Adopt: plain torch layers become those of the lab, through which feedback can be sent."""

from torch import nn

from dfa_lab.networks.layers import Conv2d, Dropout, Linear


def adopt(module: nn.Module) -> nn.Module:
    """`module` with every nn.Linear, nn.Conv2d and nn.Dropout in it, itself included, replaced by the lab's own.

    Sizes, bias, stride, padding, dilation and groups are kept, and so are the parameters themselves: what shares a
    weight still shares it. Subclasses, and layers with hooks, stay as they are: torch's attention, say, uses the weights of
    its own by hand.
    Raises ValueError for a convolution that the lab cannot do.
    """
    return _adopt(module, {})


def _adopt(module: nn.Module, known: dict[nn.Module, nn.Module]) -> nn.Module:
    """`known`: what was adopted already, since a module may be used in several places."""
    if module not in known:
        known[module] = adopted = _own(module)
        for name, child in adopted._modules.items():
            if child is not None:
                adopted._modules[name] = _adopt(child, known)
    return known[module]


def _own(module: nn.Module) -> nn.Module:
    """The lab's layer in the place of this one, or this one."""
    own: nn.Module
    if _altered(module):
        return module
    if type(module) is nn.Linear:
        own = Linear(module.in_features, module.out_features, module.bias is not None)
    elif type(module) is nn.Conv2d:
        own = _convolution(module)
    elif type(module) is nn.Dropout and module.p < 1:
        own = Dropout(module.p)
    else:
        return module
    own._parameters.update(module._parameters)
    if isinstance(own, (Linear, Conv2d)):
        own.keeps_weights = True
    return own.train(module.training)


def _altered(module: nn.Module) -> bool:
    """Whether a layer does more than its type says: weight norm and pruning, say, hang themselves onto it."""
    hooks = [module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks]
    return any(hooks) or not module._parameters.keys() <= {"weight", "bias"}


def _convolution(module: nn.Conv2d) -> Conv2d:
    if isinstance(module.padding, str) or module.padding_mode != "zeros":
        given = f"padding={module.padding!r}" if isinstance(module.padding, str) else f"padding_mode={module.padding_mode!r}"
        raise ValueError(f"a Conv2d with {given}; give the padding as a number, of zeros")
    kernel, stride, padding, dilation = (
        (size[0], size[-1]) for size in (module.kernel_size, module.stride, module.padding, module.dilation)
    )
    return Conv2d(
        module.in_channels, module.out_channels, kernel, stride, padding, dilation, module.groups, module.bias is not None
    )
