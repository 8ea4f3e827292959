"""How much memory an NVIDIA GPU has, for those who refuse what it could not hold."""

import torch

PLENTY = 2**60  # bytes: where the GPU does not tell, whoever needs more than there is hears it from torch


def free(device: torch.device) -> int:
    """Bytes that could be used on it now: what is free, and what torch keeps here for the next tensors."""
    try:
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + max(0, kept)
    except (RuntimeError, AssertionError, ValueError):  # no such GPU: loading says so
        return PLENTY


def total(device: torch.device) -> int:
    """Bytes that it has."""
    try:
        return torch.cuda.mem_get_info(device)[1]
    except (RuntimeError, AssertionError, ValueError):
        return PLENTY
