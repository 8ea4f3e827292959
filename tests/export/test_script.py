"""The standalone script: executed where the lab cannot be imported, it measures the lab's losses."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dfa_lab.export.script import script, unknown
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer
from tests import children
from tests.data.data_files import idx

ALL = "bp,fa,dfa,shallow"
CASES: dict[str, dict[str, object]] = {
    "digits": {"rules": ALL, "epochs": 4, "num_layers": 3},
    "spirals": {"dataset": "spirals", "classes": 3, "rules": ALL, "nonlin": "relu", "optimizer": "adam", "criterion": "ce"},
    "circles": {"dataset": "circles", "rules": "dfa", "nonlin": "sigmoid", "optimizer": "sgd", "momentum": 0.5},
    "moons": {"dataset": "moons", "rules": "fa,shallow", "optimizer": "nag", "momentum": 0.9, "normalization": "channel"},
    "xor": {"dataset": "xor", "rules": "bp", "normalization": "image", "weight_decay": 1e-3, "learning_rate_decay": 0.01},
    "gaussians": {"dataset": "gaussians", "classes": 5, "rules": "shallow", "seeds": "3,4", "feedback_seed": 8},
    "mnist": {
        "dataset": "mnist",
        "incomplete": True,
        "rules": ALL,
        "normalization": "image",
        "batch_size": 7,
        "halve_every": 1,
    },
    "clothes": {
        "dataset": "fashion_mnist",
        "incomplete": True,
        "rules": "dfa",
        "normalization": "simple",
        "batch_size": 7,
        "drop_last": True,
    },
    "paper": {"rules": ALL, "init": "paper", "bias": False, "criterion": "ce", "feedback_magnitude": 0.3},
    "undamped": {"optimizer": "sgd", "momentum": 0.9, "dampening": False, "halve_every": 1, "decay_factor": 0.3, "rules": "fa"},
    "adamw": {"rules": "dfa,shallow", "optimizer": "adamw", "weight_decay": 0.1, "schedule": "linear", "halve_every": 1},
    "nadam": {"rules": "bp", "optimizer": "nadam", "weight_decay": 0.01, "schedule": "cosine", "warm_up": 0.7},
    "muon": {"rules": "dfa", "optimizer": "muon", "weight_decay": 0.1, "warm_up": 1, "bias": False, "dataset": "xor"},
    "held out": {"rules": "bp,dfa", "hold_out": True, "split_seed": 5, "batch_size": 100, "drop_last": True},
    "scaled": {"rules": "fa,dfa", "feedback_scales": "0.5,3", "optimizer": "sgd", "learning_rate": 0.1},
    "scaled alike": {"rules": "fa,dfa", "feedback_scales": 0.25, "feedback_distribution": "shared", "optimizer": "sgd"},
    "subset": {"rules": "fa", "train_samples": 95, "split_seed": 2, "batch_size": 10, "normalization": "image"},
    "held out subset": {"dataset": "moons", "rules": "bp", "hold_out": True, "train_samples": 301, "split_seed": 1},
    "normal": {"rules": "fa,dfa", "feedback_distribution": "normal", "init": "kaiming", "nonlin": "relu"},
    "signs": {"rules": "fa,dfa", "feedback_distribution": "signs", "feedback_seed": 4, "init": "xavier"},
    "orthogonal": {"rules": "fa,dfa", "feedback_distribution": "orthogonal", "init": "orthogonal"},
    "sparse": {"rules": "fa,dfa", "feedback_distribution": "sparse", "feedback_density": 0.3, "num_hidden": "9,14,6"},
    "low_rank": {"rules": "fa,dfa", "feedback_distribution": "low_rank", "feedback_rank": 3},
    "shared": {"rules": "fa,dfa", "feedback_distribution": "shared"},
}
ALONE = """
import contextlib, importlib, pathlib, runpy, sys

class NoLab:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("dfa_lab", "app"):
            raise ImportError("the lab is not installed here")

sys.meta_path.insert(0, NoLab())
try:
    importlib.import_module("dfa_lab")
except ImportError:
    pass
else:
    sys.exit("the lab can be imported")
folder, data = sys.argv[1:]
for file in sorted(pathlib.Path(folder).glob("*.py")):
    sys.argv = [str(file), data]
    with file.with_suffix(".out").open("w") as out, contextlib.redirect_stdout(out):
        runpy.run_path(str(file), run_name="__main__")
"""


def images(folder: Path, name: str) -> None:
    """A few images of noise, in the published format, with pixels that never vary."""
    raw = folder / name / "raw"
    raw.mkdir(parents=True)
    random = np.random.RandomState(len(name))
    for part, count in (("train", 40), ("t10k", 15)):
        x = random.randint(0, 256, (count, 28, 28))
        x[:, :3] = 9
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(x))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))


def case(name: str, folder: Path) -> Experiment:
    given = {"num_hidden": 12, "epochs": 2, "device": "cpu", "datapath": str(folder), "probe_size": 2}
    return parse(given | CASES[name])


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """(folder of what each script printed, data folder): all of them in one process, since importing torch takes long."""
    folder, data = tmp_path_factory.mktemp("scripts"), tmp_path_factory.mktemp("data")
    for name in ("MNIST", "FashionMNIST"):
        images(data, name)
    for name in CASES:
        (folder / f"{name}.py").write_text(script(case(name, data)), encoding="utf-8")
    done = children.run("-W", "error", "-c", ALONE, str(folder), str(data), cwd=folder, timeout=300)
    assert done.returncode == 0, done.stderr
    yield folder, data


@pytest.mark.parametrize("name", CASES)
def test_the_script_measures_the_losses_of_the_lab(name: str, printed: tuple[Path, Path]) -> None:
    folder, data = printed
    experiment = case(name, data)
    trainer = Trainer(experiment)
    results = Results(experiment, trainer.device)
    for records in trainer:
        results.add(records)
    head, *lines = (folder / f"{name}.out").read_text().splitlines()
    assert head.split()[3:] == ["train_loss", "train_error", "test_loss", "test_error"]
    rows = [line.split() for line in lines]
    theirs = {(rule, int(seed), int(epoch)): list(map(float, values)) for rule, seed, epoch, *values in rows}
    ours = {
        (run["rule"], run["seed"], row["epoch"]): [row[metric] for metric in head.split()[3:]]
        for run in results.summary()["runs"]
        for row in run["epochs"]
    }
    assert theirs.keys() == ours.keys() and len(ours) == experiment.epochs * len(experiment.runs())
    for key, values in ours.items():
        np.testing.assert_allclose(theirs[key], values, rtol=0, atol=1e-5, err_msg=f"{name} {key}")


def test_the_script_holds_what_its_rules_need_and_no_more() -> None:
    assert "ThroughFeedback" not in script(parse({"rules": "bp,dfa"}))
    alone = script(parse({"rules": "bp", "dataset": "xor"}))
    assert "sklearn" not in alone and "draw_feedback" not in alone and "dfa_lab" not in alone
    assert len(script(parse({"rules": ALL})).splitlines()) < 200


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 1},
        {"network": "conv"},
        {"network": "own.py"},
        {"dataset": "cifar10"},
        {"optimizer": "adadelta"},
        {"exact": True},
        {"eps": 0.1},
        {"batchnorm": 1},
        {"max_in_norm": 2.0},
        {"halve_every": 0},
        {"precision": "bf16"},
        {"whiten": True},
        {"augment": True},
        {"load": "another"},
    ],
    ids=str,
)
def test_what_it_does_not_know_is_named_and_gives_no_script(settings: dict[str, object]) -> None:
    (name,) = settings
    experiment = parse(settings)
    assert unknown(experiment).startswith("There is no standalone script") and f"{name} (--" in unknown(experiment)
    with pytest.raises(ValueError, match=name):
        script(experiment)


def test_what_was_changed_while_it_ran_is_none_of_the_settings() -> None:
    experiment = parse({})
    assert unknown(experiment) == ""
    assert unknown(experiment, changed=True).endswith("what was changed while it ran.")
