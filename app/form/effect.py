"""Why a setting is not offered now: another one makes it irrelevant, or it is chosen elsewhere."""

from app.people.identity import visitor
from app.visit.form_state import FORM, key
from app.visit.session import held
from dfa_lab.machine.device import present
from dfa_lab.runs.rights import LOCAL
from dfa_lab.settings.experiment import NETWORKS, Experiment, extra
from dfa_lab.settings.knob import several
from dfa_lab.settings.wording import in_words

# the server's owner chooses where it reads programs and writes files; only the command line starts processes
ELSEWHERE = {
    "models_folder": "whoever starts this server chooses it, with --models",
    "preproc_folder": "whoever starts this server chooses it, with the data folder",
    "processes": "the page trains in threads of its own; it counts on the command line",
}


def missing(name: str, form: str = FORM) -> str:
    """Empty where the setting has an effect now and is this visitor's to choose; else why not, to follow a colon."""
    if name in LOCAL and not visitor().administrator:
        return "it is for whoever keeps this server"
    if name == "device_number" and "cuda" not in present():
        return "it has an effect only where there is an NVIDIA GPU"
    if name == "redraw" and held(key("network", form)) in NETWORKS:
        return "it has an effect only with a network file of your own"
    if name == "num_layers" and several(held(key("num_hidden", form))):
        return "there are as many as units per layer have numbers"
    for other, values in extra(Experiment.model_fields[name])["when"].items():
        if held(key(other, form)) not in values:
            return f"it has an effect only where {in_words(other)} is {_either(values)}"
    return ""


def _either(values: list[str]) -> str:
    """One of several in words: "sgd or nag"."""
    return " or ".join(filter(None, [", ".join(values[:-1]), values[-1]]))
