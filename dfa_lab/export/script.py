"""A standalone PyTorch script that trains an experiment again, to the same losses, without the lab.

Every random number in it comes from the same generator calls as the lab's (seeding.py, networks, feedback). Settings
that it does not know are named by `unknown`; there is then no script, rather than one that trains something else.
"""

import re
from itertools import pairwise
from math import prod

from dfa_lab import data
from dfa_lab.export import script_data, script_steps, script_text
from dfa_lab.feedback import rule_class
from dfa_lab.feedback.description import ScriptLines
from dfa_lab.machine.device import threads
from dfa_lab.networks.kinds.mlp import widths
from dfa_lab.settings.experiment import RULES, Experiment
from dfa_lab.settings.parsing import describe
from dfa_lab.settings.wording import label, shown

KNOWN: dict[str, tuple[object, ...]] = {  # settings of which the script knows only some values
    "dataset": tuple(script_data.SETS),
    "network": ("mlp",),
    "optimizer": tuple(script_steps.OPTIMIZERS),
    "criterion": ("bce", "ce"),
    "nonlin": tuple(script_text.NONLINEARITIES),
    "feedback_distribution": tuple(script_text.DISTRIBUTIONS),
    "normalization": tuple(script_data.NORMALISATIONS),
}
ANY = set(
    "classes hold_out train_samples split_seed num_layers num_hidden bias init feedback_magnitude feedback_scales "
    "feedback_density feedback_rank feedback_seed learning_rate learning_rate_decay halve_every decay_factor "
    "schedule warm_up weight_decay momentum dampening batch_size drop_last epochs seeds".split()
)
WITHOUT_EFFECT = set(  # on what an mlp learns
    "datapath download incomplete svhn_extra preproc_folder models_folder conv_channels conv_hidden save device "
    "device_number threads processes probe_size measure_every".split()
)


def unknown(experiment: Experiment, changed: bool = False) -> str:
    """A sentence that lists what the script does not know; empty if it knows everything.

    `changed`: something was changed while the experiment ran.
    """
    strange = []
    for name, field in Experiment.model_fields.items():
        value = getattr(experiment, name)
        if name == "rules":
            fits = all(_lines(rule) for rule in experiment.rules)
        elif name in KNOWN:
            fits = value in KNOWN[name]
        else:
            fits = name in ANY | WITHOUT_EFFECT or value == field.default
        if name == "halve_every" and value == 0:
            fits = False  # when the error stops falling
        if not fits:
            strange.append(f"{label(name)} {shown(value)}")
    if changed:
        strange.append("what was changed while it ran")
    return f"There is no standalone script, since it does not know {', '.join(strange)}." if strange else ""


def script(experiment: Experiment) -> str:
    """The text of a Python file. Raises ValueError, with the sentence of `unknown`."""
    if strange := unknown(experiment):
        raise ValueError(strange)
    facts = data.facts_of(experiment)
    work = max(one * other for one, other in pairwise([prod(facts.shape), *widths(experiment), facts.classes]))
    text = script_text
    standard, other = script_data.imports(experiment.dataset)
    head = text.HEAD.format(
        title=f"{', '.join(experiment.rules)} on {describe(experiment)}",
        needs=" and ".join(["torch", *filter(None, [script_data.PACKAGES.get(experiment.dataset)])]),
        standard=standard,
        other=other,
        math=script_steps.imports(experiment),
    )
    rules = {rule: lines for rule in experiment.rules if (lines := _lines(rule))}
    parts = [
        text.GENERATOR,
        script_data.loading(experiment),
        text.weights(experiment, _zero(experiment)),
        text.feedback(experiment, rules),
        text.THROUGH_FEEDBACK if any(lines.through_feedback for lines in rules.values()) else "",
        text.forward(experiment, rules),
        text.LOSSES[experiment.criterion],
        text.gradients(rules),
        script_steps.optimizer(experiment),
        script_steps.factor(experiment),
        text.TRAIN.format(
            optimizer=script_steps.OPTIMIZERS[experiment.optimizer],
            rate=script_steps.SET_RATE if script_steps.changes(experiment) else "",
        ),
        text.MAIN,
    ]
    body = "\n\n".join(part.strip("\n") + "\n" for part in parts if part)
    constants = _constants(experiment, facts.classes, body)
    if threads(work * experiment.batch_size) == 1:
        constants += "torch.set_num_threads(1)  # products this small only wait for more\n"
    return f"{head.strip()}\n\n{constants}\n\n{body}"


def _constants(experiment: Experiment, classes: int, body: str) -> str:
    """The constants that the rest of the script uses."""
    units = experiment.num_hidden
    values = {
        "RULES": experiment.rules,
        "SEEDS": experiment.seeds,
        "HIDDEN": f"[{units}] * {experiment.num_layers}" if isinstance(units, int) else str(list(units)),
        "EPOCHS": experiment.epochs,
        "BATCH": experiment.batch_size,
        "WHOLE_BATCHES": experiment.drop_last,
        "RATE": experiment.learning_rate,
        "DECAY": experiment.learning_rate_decay,
        "HALVE_EVERY": experiment.halve_every if experiment.halve_every > 0 else None,
        "FACTOR": experiment.decay_factor,
        "WARM_UP": experiment.warm_up,
        "MOMENTUM": experiment.momentum,
        "DAMPENING": experiment.momentum if experiment.dampening else 0.0,
        "WEIGHT_DECAY": experiment.weight_decay,
        "MAGNITUDE": experiment.feedback_magnitude,
        "SCALES": experiment.feedback_scales,
        "FEEDBACK_SEED": None if experiment.feedback_seed < 0 else experiment.feedback_seed,
        "CLASSES": classes,
        "SPLIT_SEED": experiment.split_seed,
        "TRAIN_SAMPLES": experiment.train_samples,
    }
    about = script_text.CONSTANTS
    used = {name: value for name, value in values.items() if re.search(rf"\b{name}\b", body)}
    return "".join(
        f"{name} = {value if name == 'HIDDEN' else repr(value)}{about.get(name, '')}\n" for name, value in used.items()
    )


def _lines(rule: str) -> ScriptLines | None:
    """The lines that a rule's own class gives: one that inherits them may do something else."""
    return vars(rule_class(rule)).get("script")


def _zero(experiment: Experiment) -> str:
    if experiment.init != "paper" or experiment.nonlin not in ("tanh", "sigmoid"):
        return ""
    return script_text.ZERO.format(rules=", ".join(f'"{rule}"' for rule in RULES if rule_class(rule).paper_starts_at_zero))
