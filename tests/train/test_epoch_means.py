"""Training losses and errors of whole epochs, out of records of a part of one each."""

import pytest

from dfa_lab.settings.parsing import parse
from dfa_lab.train.epoch_means import OF_BATCHES, EpochMeans
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer


@pytest.mark.parametrize("epochs", [2, 100])
def test_they_are_those_of_the_results(epochs: int) -> None:
    """Which count by themselves. Of 2 epochs each batch has a record, of 100 every second one."""
    few = {"rules": "dfa", "num_hidden": 4, "num_layers": 1, "epochs": epochs, "eps": 0.1, "device": "cpu", "probe_size": 2}
    experiment = parse(few)
    trainer = Trainer(experiment)
    results, means, found = Results(experiment, trainer.device), {name: EpochMeans() for name in OF_BATCHES}, []
    for records in trainer:
        results.add(records)
        ended = {one.metric: means[one.metric].ended(one) for one in records if one.metric in means}
        found += [ended] if ended and None not in ended.values() else []
    wanted = results.summary()["runs"][0]["epochs"]
    assert len(found) == len(wanted) == epochs
    for of_epoch, row in zip(found, wanted, strict=True):
        assert of_epoch == pytest.approx({name: row[name] for name in OF_BATCHES})
