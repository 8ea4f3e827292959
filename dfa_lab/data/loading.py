"""Read and prepare a data set, once for all experiments that want the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.cache import share
from dfa_lab.data.catalog import made_from, module, whole
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.errors import DataError
from dfa_lab.data.folder import ALWAYS_THERE, root, unusable
from dfa_lab.data.normalisation import offset_and_scale
from dfa_lab.data.preparing import Preparation, folder_of, prepare
from dfa_lab.data.verifying import verify
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.wording import label

AS_READ = Preparation()


def load(experiment: Experiment, device: torch.device) -> DataSet:
    """The experiment's data set on `device`: hold out -> subset -> yuv -> whiten or normalise, as it asks.
    Augmenting is left to whoever draws the batches.

    Experiments with the same preparation share tensors. May be called from several threads. The first whitening of a
    set takes long (CIFAR: half a minute). Takes settings that `check` does not refuse.
    Raises DataError if the set is missing, damaged, or does not fit the device's memory.
    """
    name, known, made = experiment.dataset, whole(experiment), made_from(experiment)
    folder, asked = root(experiment.datapath), Preparation.of(experiment)
    key = (
        name,
        str(folder.absolute()) if known.megabytes else "",
        made if isinstance(made, str | bool) else known.classes,
        experiment.incomplete,
    )

    def as_read() -> DataSet:
        return _read(name, known, folder, experiment, made)

    def prepared() -> DataSet:
        return prepare(share((*key, AS_READ, "cpu"), as_read), asked, folder_of(experiment), name, device)

    def normalised(data: DataSet) -> DataSet:
        if experiment.whiten:
            return replace(data)
        offset, scale = offset_and_scale(experiment.normalization, data.statistics)
        return replace(data, offset=offset.to(device), scale=scale.to(device))

    with _in_words(known, folder, device):
        as_it_is = asked == AS_READ and device.type == "cpu"
        found = share((*key, asked, str(device)), as_read if as_it_is else prepared, normalised)
    _gives_a_batch(found, experiment)
    return found


def _gives_a_batch(found: DataSet, experiment: Experiment) -> None:
    """Raise DataError where an incomplete set has fewer samples than a batch, and smaller ones are to be left out."""
    if experiment.drop_last and (there := len(found.x_train)) < experiment.batch_size:
        raise DataError(
            f"{found.facts.title} cannot give a whole batch of {experiment.batch_size:,} because its files hold {there:,} "
            f"training {found.facts.samples} to train on: give at most so many with {label('batch_size')}, take smaller "
            f"batches too (without {label('drop_last')}), or replace the files with the published ones."
        )


@contextmanager
def _in_words(known: Facts, folder: Path, device: torch.device) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unusable(folder, known, error) from error
    except ImportError as error:
        raise DataError(
            f"{known.title} cannot be read because the Python package {error.name} is not installed: "
            "install what requirements.txt lists."
        ) from error
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise DataError(
            f"{known.title} does not fit into the free memory of {device}: "
            f"stop other experiments, choose another --device, or {ALWAYS_THERE}."
        ) from error


def _read(name: str, known: Facts, folder: Path, experiment: Experiment, made: int | str | bool) -> DataSet:
    arrays: Arrays = module(name).load(folder, experiment.download, made)
    verify(arrays, known, folder, experiment.incomplete)
    parts = (arrays.x_train, arrays.y_train, arrays.x_test, arrays.y_test)
    real = replace(known, train=len(arrays.x_train), test=len(arrays.x_test))
    tensors = map(torch.from_numpy, parts)
    return DataSet(real, arrays.class_names, *tensors, offset=torch.zeros(()), scale=torch.ones(()), read=real)
