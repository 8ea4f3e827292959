"""Start from the weights and feedback of a saved run (--load)."""

from collections.abc import Sequence

from torch import Tensor

from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import refuse
from dfa_lab.train import saved
from dfa_lab.train.run import Run, below
from dfa_lab.train.state_file import CheckpointError, read


def start_from(runs: Sequence[Run], experiment: Experiment) -> None:
    """Give every run the weights of the saved run of its rule and seed; else of its rule; else of the first one.

    Feedback comes along where the rule is the same. Raises SettingsError if there is no such file or its network is another.
    """
    try:
        tensors, numbers = read(saved.net(experiment.load))
        theirs = [(rule, seed) for seed in numbers["experiment"]["seeds"] for rule in numbers["experiment"]["rules"]]
    except (CheckpointError, LookupError, TypeError) as error:
        raise SettingsError([f"load (--load) is {experiment.load!r}: {error}"]) from error
    for (rule, seed), run in zip(experiment.runs(), runs, strict=True):
        same = [n for n, (name, _) in enumerate(theirs) if name == rule]
        number = next((n for n in same if theirs[n][1] == seed), same[0] if same else 0)
        if not _fits(run, below(f"{number}.", tensors), bool(same)):
            other = "a saved run whose network has the same layers and data set as this one"
            raise SettingsError([refuse("load", experiment.load, other)])


def _fits(run: Run, state: dict[str, Tensor], same_rule: bool) -> bool:
    """Load what belongs to the network; False if it is another one."""
    network = below("network.", state)
    own = run.network.state_dict()
    if not same_rule:
        network = {name: tensor for name, tensor in network.items() if not name.endswith("feedback")}
        network |= {name: tensor for name, tensor in own.items() if name.endswith("feedback")}
    try:
        run.network.load_state_dict(network)
        if same_rule:
            run.rule.load_state_dict(below("rule.", state))
    except RuntimeError:
        return False
    return True
