"""Which devices this machine has."""

from functools import cache

import torch


@cache
def present() -> tuple[str, ...]:
    """Names that torch.device accepts here: cpu, then cuda, cuda:0 …, then mps."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def resolve(name: str) -> torch.device:
    """auto -> the first GPU, else the CPU."""
    if name == "auto":
        name = next((device for device in present() if device in ("cuda", "mps")), "cpu")
    return torch.device(name)


def title(device: torch.device) -> str:
    """What a person calls it: the GPU's name, or CPU with the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({torch.get_num_threads()} threads)" if device.type == "cpu" else device.type
