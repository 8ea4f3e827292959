"""Which devices this machine has."""

from functools import cache

import torch

ALL_THREADS = torch.get_num_threads()  # torch's own choice, or OMP_NUM_THREADS
WORTH_SHARING = 4_000_000  # multiplications; measured: 0.6 M gains nothing from a second thread, 12 M a quarter


@cache
def present() -> tuple[str, ...]:
    """Names that torch.device accepts here: cpu, then cuda, cuda:0 …, then mps."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def resolve(name: str, number: int = 1) -> torch.device:
    """auto -> a GPU where there is one, else the CPU; `number` says which of NVIDIA's, counted from 1."""
    if name == "auto":
        name = next((device for device in present() if device in ("cuda", "mps")), "cpu")
    return torch.device(f"cuda:{number - 1}" if name == "cuda" else name)


def precisions(device: torch.device) -> tuple[str, ...]:
    """The settings of `precision` that a device knows."""
    if device.type == "cpu":
        return ("float32", "bf16")
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return ("float32", "tf32", "bf16")
    return ("float32",)


def shorten_products(shorter: bool) -> None:
    """Let the tensor cores of NVIDIA's GPUs round the factors of float32 products to 10 bits (tf32), or not."""
    torch.backends.cuda.matmul.allow_tf32 = shorter
    torch.backends.cudnn.allow_tf32 = shorter


def threads(multiplications: int) -> int:
    """CPU threads for steps whose largest matrix product has this many multiplications.

    Threads that share small work mostly wait for each other: on two cores busy with other programs a digits step
    on two threads took ten times as long as on one.
    """
    return 1 if multiplications < WORTH_SHARING else ALL_THREADS


def title(device: torch.device) -> str:
    """What a person calls it: the GPU's name, or CPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
