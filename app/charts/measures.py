"""What is measured layer by layer, as pages, links and reports name it."""

from dfa_lab.records import METRICS
from dfa_lab.train.results import TESTED, TRAINING

SPREAD = "_std"  # ends the name of a metric that is the spread of another one over samples
KNOWN = {  # metric -> (word in links, name), in the order in which they are shown; others follow, each its own word
    "signal_angle": ("signal", "Signal angle"),
    "gradient_angle": ("gradient", "Weight gradient"),
    "update_angle": ("update", "Update"),
    "feedback_angle": ("feedback", "Feedback–weight"),
    "signal_ratio": ("signal_ratio", "Signal size ratio"),
    "gradient_ratio": ("gradient_ratio", "Gradient size ratio"),
    "saturated": ("saturated", "Saturated"),
    "dead": ("dead", "Dead"),
    "effective_rank": ("rank", "Effective rank"),
}
_by_layer = {metric for metric in METRICS if metric not in (*TRAINING, *TESTED) and not metric.endswith(SPREAD)}


def _named(metric: str) -> tuple[str, str]:
    return KNOWN.get(metric) or (metric, metric.replace("_", " ").capitalize())


# word in links -> (name, metric)
MEASURES = {
    word: (name, metric)
    for metric in dict.fromkeys([*KNOWN, *METRICS])
    if metric in _by_layer
    for word, name in [_named(metric)]
}
