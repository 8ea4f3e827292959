"""From a data set as it was read to what the experiment asks for: hold out -> subset -> yuv -> whiten."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import torch

from dfa_lab.data.catalog import whole
from dfa_lab.data.colours import yuv
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.folder import root
from dfa_lab.data.splitting import hold_out, subset
from dfa_lab.data.whitening import whitened
from dfa_lab.data.whitening_files import kept_zca
from dfa_lab.settings.experiment import Experiment


@dataclass(frozen=True)
class Preparation:
    """What is done to a set's tensors. Experiments that agree in it share them; as it stands, nothing is done.

    `split_seed` None: the last training samples are held out. `train_samples` 0: all that are left train.
    """

    held_out: bool = False
    train_samples: int = 0
    split_seed: int | None = None
    yuv: bool = False
    whiten: bool = False
    exact: bool = False  # where whitening depends on it

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        """What the experiment asks for; settings without an effect on it are left out."""
        held_out, exact, few = experiment.hold_out, experiment.exact, experiment.train_samples
        seed = experiment.split_seed if few or (held_out and not exact) else None
        return cls(held_out, few, seed, experiment.format == "yuv", experiment.whiten, experiment.whiten and exact)


def prepare(data: DataSet, asked: Preparation, folder: Path | None, name: str, device: torch.device) -> DataSet:
    """`data`, which is on the CPU, prepared and on `device`.

    `folder` keeps whitening matrices, under the set's `name`; None: they are not kept.
    """
    if asked.held_out:
        data = hold_out(data, asked.split_seed)
    if asked.train_samples:
        assert asked.split_seed is not None
        data = subset(data, asked.train_samples, asked.split_seed)
    x_train, x_test = data.x_train, data.x_test
    if asked.yuv:
        x_train, x_test = yuv(x_train), yuv(x_test)
    if asked.whiten:
        mean, matrix = kept_zca(x_train.numpy(), asked.exact, folder, name)
        x_train, x_test = (whitened(x, mean, matrix) for x in (x_train, x_test))
    return replace(
        data,
        x_train=x_train.to(device),
        y_train=data.y_train.to(device),
        x_test=x_test.to(device),
        y_test=data.y_test.to(device),
        offset=data.offset.to(device),
        scale=data.scale.to(device),
    )


def folder_of(experiment: Experiment) -> Path | None:
    """Where whitening matrices are kept; None for the sets that are always there, unless a folder is named: they are
    small, and there may be no data folder."""
    if experiment.preproc_folder:
        return root(experiment.preproc_folder)
    on_disk = whole(experiment).megabytes > 0
    return root(experiment.datapath) / "preprocessed" if on_disk else None
