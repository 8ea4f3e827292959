"""Settings as people give them: spellings, sentences that refuse, and the way back to texts."""

import random
import time

import pytest

from dfa_lab.settings import experiment as config
from dfa_lab.settings.experiment import DATASETS, ON_DISK, RULES, WITH_EXACT, Experiment, SettingsError
from dfa_lab.settings.parsing import command, differences, keep_good, parse
from dfa_lab.settings.point_text import Point, encode
from dfa_lab.settings.wording import SPELLINGS, allowed, spellings

GOOD: dict[str, tuple[str, object]] = {  # a text that is not the default, and what it means
    "dataset": ("spirals", "spirals"),
    "datapath": ("/data/my sets", "/data/my sets"),
    "download": ("true", True),
    "incomplete": ("true", True),
    "svhn_extra": ("0", False),
    "classes": ("3", 3),
    "points": ("AAAA__-x", "AAAA__-x"),
    "normalization": ("channel", "channel"),
    "network": ("conv", "conv"),
    "num_layers": ("4", 4),
    "num_hidden": ("7", 7),
    "conv_channels": ("8, 9", (8, 9)),
    "conv_hidden": ("10", (10,)),
    "nonlin": ("relu", "relu"),
    "init": ("paper", "paper"),
    "rules": ("dfa,shallow", ("dfa", "shallow")),
    "feedback_magnitude": ("0.5", 0.5),
    "feedback_scales": ("2, 0.5", (2.0, 0.5)),
    "feedback_distribution": ("Low-Rank", "low_rank"),
    "feedback_density": ("0.3", 0.3),
    "feedback_rank": ("3", 3),
    "feedback_seed": ("11", 11),
    "criterion": ("ce", "ce"),
    "optimizer": ("adam", "adam"),
    "learning_rate": ("3e-4", 3e-4),
    "momentum": ("0.9", 0.9),
    "dampening": ("0", False),
    "decay_factor": ("0.1", 0.1),
    "schedule": ("Cosine", "cosine"),
    "warm_up": ("0.5", 0.5),
    "batch_size": ("32", 32),
    "epochs": ("3", 3),
    "seeds": ("4,5", (4, 5)),
    "device": ("cpu", "cpu"),
    "device_number": ("2", 2),
    "threads": ("3", 3),
    "together": ("never", "never"),
    "processes": ("2", 2),
    "precision": ("bf16", "bf16"),
    "format": ("YUV", "yuv"),
    "whiten": ("true", True),
    "augment": ("1", True),
    "preproc_folder": ("/data/kept", "/data/kept"),
    "hold_out": ("true", True),
    "train_samples": ("500", 500),
    "split_seed": ("8", 8),
    "models_folder": ("mine", "mine"),
    "dropout": ("1", 1),
    "batchnorm": ("2", 2),
    "bias": ("0", False),
    "max_in_norm": ("3", 3.0),
    "max_out_norm": ("2.5", 2.5),
    "redraw": ("1", True),
    "load": ("good-one", "good-one"),
    "save": ("my run.2", "my run.2"),
    "exact": ("true", True),
    "learning_rate_decay": ("1e-5", 1e-5),
    "halve_every": ("0", 0),
    "weight_decay": ("1e-4", 1e-4),
    "drop_last": ("true", True),
    "eps": ("0.08", 0.08),
    "accumulate": ("1", True),
    "probe_size": ("64", 64),
    "measure_every": ("9", 9),
    "measures": ("rank,angles", ("rank", "angles")),
}
WIDTHS = "a whole number from 1 to 10000, or 2 to 200 of them with commas between them"


def sentence(**settings: object) -> str:
    """The one that refuses the settings."""
    with pytest.raises(SettingsError) as raised:
        parse(settings)
    (problem,) = raised.value.problems
    assert problem == str(raised.value)
    assert problem.isprintable() and problem[-1] in ".?" and len(problem) < 500, problem
    return problem


def test_every_setting_has_a_good_example_here() -> None:
    assert set(GOOD) == set(Experiment.model_fields)


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_every_spelling(spelling: str) -> None:
    name = SPELLINGS[spelling]
    text, value = GOOD[name]
    experiment = parse({spelling: text})
    assert getattr(experiment, name) == value
    assert experiment == Experiment(**{name: value})  # type: ignore[arg-type]


def test_the_references_flags() -> None:
    flags = ["gradient", "num_layers", "num_hidden", "LR", "batchSize", "optimization", "nonlin", "criterion", "rfb_mag"]
    flags += ["dataset", "datapath", "epoch", "modelsFolder", "network", "eps", "accGradient", "dropout", "batchnorm", "bias"]
    flags += ["LRDecay", "weightDecay", "momentum", "epoch_step", "maxInNorm", "maxOutNorm", "threads", "type", "devid", "load"]
    flags += ["save", "normalization", "format", "whiten", "augment", "preProcDir", "validate", "constBatchSize"]
    for flag in flags:
        assert spellings(SPELLINGS[flag])[0] == flag
        assert SPELLINGS[flag.lower().replace("_", "-")] == SPELLINGS[flag]
    assert SPELLINGS["batch-size"] == "batch_size" and SPELLINGS["learning-rate"] == "learning_rate"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("network", "mlp.lua", "mlp"),
        ("network", "CONV.lua", "conv"),
        ("nonlin", "sigm", "sigmoid"),
        ("nonlin", "Tanh", "tanh"),
        ("dataset", "MNIST", "mnist"),
        ("dataset", "Cifar10", "cifar10"),
        ("dataset", "FashionMNIST", "fashion_mnist"),
        ("dataset", "fashion-mnist", "fashion_mnist"),
        ("criterion", "BCE", "bce"),
        ("rules", "BP, Dfa ,", ("bp", "dfa")),
        ("rules", ["fa"], ("fa",)),
        ("seeds", 3, (3,)),
        ("seeds", "1, 2,", (1, 2)),
        ("num_hidden", " 12 ", 12),
        ("num_hidden", "12,", 12),
        ("num_hidden", [12], 12),
        ("num_hidden", "500, 300", (500, 300)),
        ("num_hidden", [7] * 200, (7,) * 200),
        ("learning_rate", 1, 1.0),
        ("download", "false", False),
        ("network", "Models/conv.lua", "conv"),
        ("network", "Models/My_Net.py", "Models/My_Net.py"),
        ("device", "float", "cpu"),
        ("epochs", "-1", 100_000),
        ("bias", 0, False),
    ],
)
def test_spellings_of_values(name: str, text: object, value: object) -> None:
    assert getattr(parse({name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("learning_rate", "0", "learning_rate (--LR) is 0: give a number above 0 and at most 100."),
        ("learning_rate", "-0.1", "learning_rate (--LR) is -0.1: give a number above 0 and at most 100."),
        ("learning_rate", "1e9", "learning_rate (--LR) is 1e9: give a number above 0 and at most 100."),
        ("learning_rate", "fast", "learning_rate (--LR) is 'fast': give a number above 0 and at most 100."),
        ("learning_rate", "nan", "learning_rate (--LR) is nan: give a number above 0 and at most 100."),
        ("learning_rate", float("inf"), "learning_rate (--LR) is inf: give a number above 0 and at most 100."),
        ("learning_rate", "", "learning_rate (--LR) is '': give a number above 0 and at most 100."),
        ("num_hidden", "0", f"num_hidden (--num_hidden) is 0: give {WIDTHS}."),
        ("num_hidden", 10**9, f"num_hidden (--num_hidden) is 1000000000: give {WIDTHS}."),
        ("num_hidden", "3.5", f"num_hidden (--num_hidden) is 3.5: give {WIDTHS}."),
        ("num_hidden", "", f"num_hidden (--num_hidden) is '': give {WIDTHS}."),
        ("num_hidden", "5,0", f"num_hidden (--num_hidden) is '5,0': give {WIDTHS}."),
        ("num_hidden", "7," * 201, f"num_hidden (--num_hidden) is '{('7,' * 201)[:39]}…': give {WIDTHS}."),
        ("num_layers", "0", "num_layers (--num_layers) is 0: give a whole number from 1 to 200."),
        ("num_layers", "201", "num_layers (--num_layers) is 201: give a whole number from 1 to 200."),
        ("dropout", "7", "dropout (--dropout) is 7: give a whole number from 0 to 2."),
        ("batchnorm", "3", "batchnorm (--batchnorm) is 3: give a whole number from 0 to 2."),
        ("eps", "-0.1", "eps (--eps) is -0.1: give a number from 0 to 100."),
        ("weight_decay", "-1", "weight_decay (--weightDecay) is -1: give a number from 0 to 1000."),
        ("halve_every", "-2", "halve_every (--epoch_step) is -2: give a whole number from -1 to 100000."),
        ("max_in_norm", "-1", "max_in_norm (--maxInNorm) is -1: give a number from 0 to 1000000."),
        ("bias", "2", "bias (--bias) is 2: give true or false."),
        ("format", "hsv", "format (--format) is 'hsv': give one of rgb, yuv."),
        ("precision", "int8", "precision (--precision) is 'int8': give one of float32, tf32, bf16."),
        ("network", "net.lua.txt", f"network (--network) is 'net.lua.txt': give {allowed('network')}."),
        ("save", "../up", f"save (--save) is '../up': give {allowed('save')}."),
        ("momentum", "1", "momentum (--momentum) is 1: give a number from 0 and below 1."),
        ("feedback_density", "0", "feedback_density (--feedback_density) is 0: give a number above 0 and at most 1."),
        ("feedback_rank", "0", "feedback_rank (--feedback_rank) is 0: give a whole number from 1 to 10000."),
        ("feedback_seed", "-2", "feedback_seed (--feedback_seed) is -2: give a whole number from -1 to 2147483647."),
        ("batch_size", "-1", "batch_size (--batchSize) is -1: give a whole number from 1 to 100000."),
        ("criterion", "mse", "criterion (--criterion) is 'mse': give one of bce, ce."),
        ("optimizer", "lion", f"optimizer (--optimization) is 'lion': give {allowed('optimizer')}."),
        ("rules", "", f"rules (--gradient) is '': give one or more, each once, of {', '.join(RULES)}."),
        ("rules", "bp,bp", f"rules (--gradient) is 'bp,bp': give one or more, each once, of {', '.join(RULES)}."),
        ("rules", "bp,magic", f"rules (--gradient) is 'bp,magic': give one or more, each once, of {', '.join(RULES)}."),
        ("dataset", "imagenet", f"dataset (--dataset) is 'imagenet': give one of {', '.join(DATASETS)}."),
        (
            "seeds",
            "1,1",
            "seeds (--seed) is '1,1': give whole numbers from 0 to 2147483647, each once, with commas between them.",
        ),
        ("seeds", -1, "seeds (--seed) is -1: give whole numbers from 0 to 2147483647, each once, with commas between them."),
        (
            "conv_hidden",
            "",
            "conv_hidden (--conv_hidden) is '': give 1 to 6 whole numbers from 1 to 10000, with commas between them.",
        ),
        ("download", "maybe", "download (--download) is 'maybe': give true or false."),
        ("measure_every", "1e7", "measure_every (--measure_every) is 1e7: give a whole number from 0 to 1000000."),
    ],
)
def test_the_sentence(name: str, value: object, wanted: str) -> None:
    assert sentence(**{name: value}) == wanted


def test_a_device_that_is_not_there() -> None:
    found = sentence(device="cuda:63")
    assert found.startswith("device (--type) is 'cuda:63': give auto or one that this machine has: cpu")
    for wrong in ("CPU:0", "gpu", "", "cuda:-1", "cpu cpu"):
        assert sentence(device=wrong).startswith("device (--type) is ")


def test_too_many_runs() -> None:
    found = sentence(gradient="bp,fa,dfa", seed=",".join(map(str, range(11))))
    assert "makes 33 runs: give at most 32" in found


def test_settings_that_do_not_go_together() -> None:
    assert sentence(optimizer="nag").startswith("momentum (--momentum) is 0: give a number above 0")
    assert parse({"optimizer": "nag", "momentum": "0.5"}).momentum == 0.5
    found = sentence(exact=True, feedback_distribution="signs")
    assert found.startswith("feedback_distribution (--feedback_distribution) is 'signs': give uniform with exact (--exact)")
    for init in ("kaiming", "xavier", "orthogonal"):
        assert sentence(exact=True, init=init).startswith(
            f"init (--init) is '{init}': give ordinary or paper with exact (--exact)"
        )
    assert sentence(exact=True, epoch=1).startswith("epochs (--epoch) is 1: give 2 or more with exact")


def test_a_width_for_each_layer_says_how_many_there_are() -> None:
    assert parse({"num_hidden": "5,4,3"}).num_layers == 3
    for layers in ("2", "4"):
        found = sentence(num_hidden="5,4,3", num_layers=layers)
        assert found.startswith(f"num_layers (--num_layers) is {layers}: give 3 or leave it out, since num_hidden")
    assert parse({"num_hidden": "5,4,3", "num_layers": "3"}) == parse({"num_hidden": "5,4,3"})
    assert parse({"num_hidden": "5", "num_layers": "4"}).num_layers == 4
    given = {"num_hidden": "5,4,3", "num_layers": "2"}
    assert keep_good(given) == (parse({"num_layers": "2"}), [sentence(**given)])


def test_unknown_and_doubled_settings() -> None:
    assert sentence(lerning_rate=1) == "'lerning_rate' is not a setting: did you mean learning_rate?"
    assert sentence(zzz=1) == "'zzz' is not a setting: python -m dfa_lab train --help lists them all."
    assert sentence(LR="1", learning_rate="2") == "learning_rate (--LR) is given twice: give it once."


def test_every_problem_is_told() -> None:
    with pytest.raises(SettingsError) as raised:
        parse({"LR": "0", "epoch": "many", "nonsense!": 1, "seeds": "1"})
    assert [problem.split()[0] for problem in raised.value.problems] == ["'nonsense!'", "learning_rate", "epochs"]


FREE = ("datapath", "preproc_folder", "models_folder", "load")  # texts that name files
HOSTILE: list[object] = [
    "x" * 10**6,
    "1" * 10**6,
    10**400,
    -(10**400),
    10**5000,
    "1e999",
    "-1e999",
    "\x00\x1b[31m\n\r\t",
    "<script>alert(1)</script>",
    "'; DROP TABLE runs; --",
    "\u202emoc.live",
    "\ud800",
    "∞",
    [],
    [[]],
    ["bp", None],
    {},
    {"a": 1},
    None,
    b"\xff",
    object,
    float("nan"),
    [float("nan")] * 1000,
    ["1"] * 5000,
    ("1", -1),
]


@pytest.mark.parametrize("name", [name for name in Experiment.model_fields if name not in FREE])
def test_hostile_values(name: str) -> None:
    for value in HOSTILE:
        if name == "save" and value == "1e999":
            continue  # a name like any other
        found = sentence(**{name: value})
        assert found.startswith(f"{name} (--"), found


@pytest.mark.parametrize("name", FREE)
def test_hostile_folders_and_files(name: str) -> None:
    for value in HOSTILE:
        if isinstance(value, str) and value != "\ud800":
            read = parse({name: value})
            assert getattr(read, name) == value  # any text may name a folder
            assert Experiment.model_validate_json(read.model_dump_json()) == read
        else:
            assert sentence(**{name: value}).startswith(f"{name} (--")


def test_sets_on_disk_are_found_by_their_files(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To add a data set is to add one file."""
    from dfa_lab import registry
    from dfa_lab.data import catalog

    assert set(ON_DISK) == {name for name in DATASETS if hasattr(catalog.module(name), "here")}
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "new.py").write_text('"""New."""\n\n\ndef here(folder):\n    return False\n')
    (tmp_path / "sets" / "made.py").write_text("def somewhere(folder):\n    def here(x): ...\n")
    (tmp_path / "sets" / "_new.py").write_text("def here(folder): ...\n")
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "registry.py"))
    assert registry.defining("dfa_lab.sets", "here") == ("new",)


def test_hostile_names() -> None:
    began = time.process_time()
    for name in ("x" * 10**6, "\x00\n", "<b>LR</b>", "", "LR\u202e", "__class__", "model_fields", "\ud800"):
        with pytest.raises(SettingsError, match="is not a setting"):
            parse({name: 1})
    experiment, problems = keep_good({f"learning_rat{n}": n for n in range(300)})
    assert experiment == Experiment() and len(problems) == 300
    assert time.process_time() - began < 10


def test_keep_good() -> None:
    given = {"LR": "0.01", "epoch": "-3", "colour": "red", "gradient": "dfa", "rules": "bp", "device": "abacus", "seed": "1,2"}
    experiment, problems = keep_good(given)
    assert experiment == parse({"LR": "0.01", "gradient": "dfa", "seed": "1,2"})
    assert [problem.split()[0] for problem in problems] == ["rules", "epochs", "device", "'colour'"]
    assert "given twice" in problems[0]
    assert keep_good({}) == (Experiment(), [])


def test_keep_good_of_what_only_together_is_too_much() -> None:
    """32 runs are allowed: 16 seeds are too many for the three rules of the default, but not for the two that are given."""
    given = {"seed": ",".join(map(str, range(16))), "epoch": "2", "gradient": "bp,dfa"}
    assert keep_good(given) == (parse(given), [])
    experiment, (problem,) = keep_good({**given, "LR": "0"})
    assert experiment == parse(given) and problem.startswith("learning_rate")
    experiment, (problem,) = keep_good({**given, "gradient": "bp,dfa,fa"})
    assert len(experiment.seeds) == 1 and len(experiment.rules) == 3 and "makes 48 runs: give at most 32" in problem


def random_experiment(chance: random.Random) -> Experiment:
    """Some settings at random, within their bounds."""
    settings: dict[str, object] = {}
    for name, field in Experiment.model_fields.items():
        if chance.random() < 0.5 or name in ("device", "seeds", "rules"):
            continue
        choices = config.extra(field)["choices"]
        bound = {kind: getattr(m, kind) for m in field.metadata for kind in ("gt", "ge", "lt", "le") if hasattr(m, kind)}
        high = bound.get("le", 0.999)
        if choices:
            settings[name] = chance.choice(choices)
        elif field.annotation is int:
            settings[name] = chance.randint(bound["ge"], high)
        elif field.annotation is float:
            settings[name] = chance.choice(
                [high, chance.uniform(0, high), 10 ** chance.uniform(-300, -1), bound.get("ge", 5e-324)]
            )
        elif name == "save":
            settings[name] = "".join(chance.choice("aZ09_") + chance.choice("a. -_") for _ in range(chance.randint(1, 20)))
        elif name == "points":
            drawn = [Point(chance.randint(0, 1023), chance.randint(0, 1023), n % 10) for n in range(chance.randint(2, 500))]
            settings[name] = encode(drawn)
        elif field.annotation is str:
            settings[name] = "".join(
                chance.choice("aZ09 ,.-_=&?#%'\"\\$`!*/~é漢\n\t;|<>()") for _ in range(chance.randint(1, 20))
            )
        elif field.annotation is bool:
            settings[name] = not field.default
        elif name == "feedback_scales":
            settings[name] = tuple(10 ** chance.uniform(-9, 3) for _ in range(chance.randint(1, 6)))
        else:
            settings[name] = tuple(chance.randint(1, 10_000) for _ in range(chance.randint(1, 6)))
    if isinstance(widths := settings.get("num_hidden"), tuple) and len(widths) > 1:
        settings.pop("num_layers", None)
    if settings.get("optimizer") == "nag":
        settings["momentum"] = chance.uniform(0.01, 0.99)
    if settings.get("exact"):
        settings["epochs"] = chance.randint(2, 100)
        for name in ("feedback_distribution", "init", *WITH_EXACT):
            settings.pop(name, None)
        if settings.get("optimizer") in ("adamw", "nadam", "muon"):
            del settings["optimizer"]
    if settings.get("warm_up", 0) >= settings.get("epochs", 20):  # type: ignore[operator]
        del settings["warm_up"]
    settings["rules"] = tuple(chance.sample(RULES, chance.randint(1, min(len(RULES), 4))))
    settings["seeds"] = tuple(chance.sample(range(2**31), chance.randint(1, 8)))
    return parse(settings)


def test_differences_lead_back() -> None:
    chance = random.Random(0)
    for _ in range(200):
        experiment = random_experiment(chance)
        texts = differences(experiment)
        assert all(isinstance(text, str) for text in texts.values())
        assert parse(texts) == experiment
        assert keep_good(texts) == (experiment, [])
        assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment
    assert differences(Experiment()) == {}


def test_the_command_line_leads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the real shell's rules and the real command line, up to where training would begin."""
    import shlex

    from typer.testing import CliRunner

    from dfa_lab.cli import main, train

    parsed: list[Experiment] = []

    def note(experiment: Experiment) -> None:
        parsed.append(experiment)
        raise SettingsError(["enough"])

    monkeypatch.setattr(train, "Trainer", note)
    chance = random.Random(1)
    for _ in range(50):
        experiment = random_experiment(chance).model_copy(update={"load": ""})  # a saved run would have to be there
        python, dash, package, *words = shlex.split(command(experiment))
        assert (python, dash, package) == ("python", "-m", "dfa_lab")
        result = CliRunner().invoke(main.app, words)
        assert result.exit_code == 2 and result.stderr == "enough\n", result.stderr
        assert parsed.pop() == experiment


def test_every_default_is_within_its_bounds() -> None:
    for name in Experiment.model_fields:
        assert allowed(name)
        parse({name: Experiment.model_fields[name].default})


def test_every_setting_is_described() -> None:
    for name, field in Experiment.model_fields.items():
        assert field.description and field.description.endswith("."), name
        for other in config.extra(field)["when"]:
            assert other in Experiment.model_fields
