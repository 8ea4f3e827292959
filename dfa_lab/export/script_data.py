"""The part of the standalone script that makes the data: the lab's sets, split and prepared as the lab does it."""

from dfa_lab.settings.experiment import Experiment

_TOY = '''
def read():
    """{what}: (x, t) to train on and to test on, the same points every time."""
    random = np.random.RandomState(2016)
    parts = []
    for count in (1000, 500):
        t = random.permutation(np.arange(count) % CLASSES)
{draw}
        parts += [x.astype(np.float32), t]
    return parts
'''
_SPIRALS = """
        radius = random.uniform(0.1, 1, count)
        angle = 2 * np.pi * t / (t.max() + 1) + 2 * np.pi * radius
        x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1) + random.normal(0, 0.02, (count, 2))
"""
_CIRCLES = """
        angle, radius = random.uniform(0, 2 * np.pi, count), np.where(t == 0, 1.0, 0.5)
        x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1) + random.normal(0, 0.08, (count, 2))
"""
_MOONS = """
        angle = random.uniform(0, np.pi, count)
        upper = np.stack([np.cos(angle), np.sin(angle)], 1)
        x = np.where(t[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
        x = x + random.normal(0, 0.1, (count, 2))
"""
_XOR = """
        size, side = random.uniform(0.05, 1, (count, 2)), random.choice([-1.0, 1.0], count)
        x = size * np.stack([side, np.where(t == 0, side, -side)], 1)
"""
_GAUSSIANS = """
        angle = 2 * np.pi * t / (t.max() + 1)
        x = np.stack([np.cos(angle), np.sin(angle)], 1) + random.normal(0, 0.2, (count, 2))
"""
_DIGITS = '''
def read():
    """scikit-learn's digits, 8x8, 0 to 16: (x, t) to train on and to test on, in a fixed shuffled split."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.RandomState(2016).permutation(len(images))
    train, test = order[:1437], order[1437:]
    return images[train], labels[train], images[test], labels[test]
'''
_MNIST = '''
def read():
    """{title}, 28x28, 0 to 255: (x, t) to train on and to test on."""
    folder = sys.argv[1] if len(sys.argv) > 1 else "Datasets"
    parts = []
    for train in (True, False):
        images = {name}(folder, train=train, download=True)
        parts += [images.data.numpy().reshape(len(images.data), -1), images.targets.numpy()]
    return parts
'''


def _toy(what: str, draw: str) -> str:
    return _TOY.format(what=what, draw=draw.strip("\n"))


SETS = {
    "digits": _DIGITS,
    "mnist": _MNIST.format(title="MNIST", name="MNIST"),
    "fashion_mnist": _MNIST.format(title="Fashion-MNIST", name="FashionMNIST"),
    "spirals": _toy("Interleaved spiral arms, one for each class", _SPIRALS),
    "circles": _toy("A circle within a circle", _CIRCLES),
    "moons": _toy("Two half circles that reach into one another", _MOONS),
    "xor": _toy("Four squares, coloured like a chessboard", _XOR),
    "gaussians": _toy("Clouds of points around the corners of a polygon", _GAUSSIANS),
}
PACKAGES = {"digits": "scikit-learn", "mnist": "torchvision", "fashion_mnist": "torchvision"}
_ONE_PIXEL = """
    offset, width = x.mean(0), x.std(0)  # of each {what}; one that never varies is only shifted
    width = np.where(x.min(0) < x.max(0), width, 1.0)
"""
_ALL = """
    offset, width = x.mean(), x.std()
"""
NORMALISATIONS = {
    "scale": """
    offset, width = x.min(), x.max() - x.min()  # to [0, 1]
""",
    "simple": _ALL,
    "channel": _ALL,  # grey images have one; of points every coordinate is one
    "image": _ONE_PIXEL,
}
_HOLD_OUT = """
    order = torch.randperm(len(x_train), generator=generator(SPLIT_SEED, "hold out"))
    held = min(10_000, max(1, len(x_train) // 5))  # tested on in place of the test set
    test, train = order[:held].sort().values, order[held:].sort().values
    x_train, t_train, x_test, t_test = x_train[train], t_train[train], x_train[test], t_train[test]
"""
_SUBSET = """
    order = torch.randperm(len(t_train), generator=generator(SPLIT_SEED, "subset"))
    t = torch.as_tensor(t_train)[order]
    turn = F.one_hot(t).cumsum(0).gather(1, t[:, None]).squeeze(1)  # each class gives its first sample, then its second, ...
    train = order[turn.argsort(stable=True)[:TRAIN_SAMPLES]].sort().values
    x_train, t_train = x_train[train], t_train[train]
"""
_LOAD = '''
def load():
    """(x, t) to train on and (x, t) to test on; x (N, features) float32, prepared by the training set; t (N,) the classes."""
    x_train, t_train, x_test, t_test = read()
{hold_out}{subset}    x = x_train.astype(np.float64)
{normalise}    offset, scale = torch.tensor(offset, dtype=torch.float32), torch.tensor(1 / width, dtype=torch.float32)
    inputs = [(torch.tensor(x, dtype=torch.float32) - offset) * scale for x in (x_train, x_test)]
    classes = [torch.tensor(t, dtype=torch.int64) for t in (t_train, t_test)]
    return inputs[0], classes[0], inputs[1], classes[1]
'''


def imports(dataset: str) -> tuple[str, str]:
    """Lines beside those of torch and numpy: of Python itself, of other packages."""
    if dataset == "digits":
        return "", "from sklearn.datasets import load_digits\n"
    name = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}.get(dataset)
    return ("import sys\n", f"from torchvision.datasets import {name}\n") if name else ("", "")


def loading(experiment: Experiment) -> str:
    """The functions `read` and `load`."""
    name, kind = experiment.dataset, experiment.normalization
    points = name not in PACKAGES
    normalise = NORMALISATIONS["image" if kind == "channel" and points else kind]
    load = _LOAD.format(
        hold_out=_HOLD_OUT.lstrip("\n") if experiment.hold_out else "",
        subset=_SUBSET.lstrip("\n") if experiment.train_samples else "",
        normalise=normalise.lstrip("\n").format(what="coordinate" if points else "pixel"),
    )
    return SETS[name].strip("\n") + "\n\n\n" + load.strip("\n")
