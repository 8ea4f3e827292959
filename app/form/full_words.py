"""What the form shows for a value that is short for something: the full word, with the short one that links and flags have."""

from dfa_lab.feedback import RULES, rule_class
from dfa_lab.settings.experiment import Experiment, extra


def full(name: str, value: object) -> str:
    """A setting's value as a person reads it: "binary cross-entropy (bce)"; the value itself where it is a full word."""
    short = str(value)
    if name == "rules" and short in RULES:
        word = rule_class(short).title
    else:
        word = extra(Experiment.model_fields[name])["words"].get(short.partition(":")[0], "")
    if word.endswith(")"):  # "Readout only (control)"
        return f"{word[:-1]}, {short})"
    return f"{word} ({short})" if word else short
