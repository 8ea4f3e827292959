"""CIFAR-100: 60,000 small colour photographs of a hundred kinds of things, 32x32."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _cifar

FINE_LABELS = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""
CLASS_NAMES = tuple(FINE_LABELS.split())
LAYOUT = _cifar.Layout(
    train=("cifar-100-binary/train.bin",),
    test=("cifar-100-binary/test.bin",),
    label_bytes=2,
    torchvision="CIFAR100",
    pickles=("cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta"),
)


def facts(classes: int = 2) -> Facts:
    """Facts of the set; `classes` does not count."""
    return Facts("CIFAR-100", _cifar.SHAPE, 100, 50_000, 10_000, megabytes=169)


def here(folder: Path) -> bool:
    """Whether its files are in `folder`; none is read."""
    return _cifar.here(folder, LAYOUT)


def first(folder: Path, count: int) -> np.ndarray:
    """The first training images (count, 3, 32, 32). Raises OSError or ValueError if they cannot be had."""
    return _cifar.first(folder, LAYOUT, count)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The images from `folder`/cifar-100-binary, else -python. Raises DataError if they cannot be had."""
    return _cifar.load(folder, download, facts(), LAYOUT, CLASS_NAMES)
