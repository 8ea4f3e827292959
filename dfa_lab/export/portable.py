"""An experiment as others may have it: without the places of one machine's files."""

from urllib.parse import urlencode

from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.parsing import differences

LOCAL = tuple(name for name, field in Experiment.model_fields.items() if extra(field)["local"])


def portable(experiment: Experiment) -> Experiment:
    """The experiment with the settings that name files of this machine at their defaults."""
    return experiment.model_copy(update={name: Experiment.model_fields[name].default for name in LOCAL})


def query(experiment: Experiment) -> str:
    """What a link to the experiment has behind its question mark."""
    settings = {name: text for name, text in differences(experiment).items() if name not in LOCAL}
    return urlencode(settings or {"dataset": experiment.dataset}, safe=",:~")
