"""Settings of the data."""

from functools import partial

from pydantic import BaseModel

from dfa_lab import registry
from dfa_lab.settings.drawn import START
from dfa_lab.settings.knob import knob as any_knob

SETS = "dfa_lab.data.sets"
DATASETS = registry.names(SETS)
ON_DISK = registry.defining(SETS, "here")  # data sets that are files in a folder
knob = partial(any_knob, group="data")


class DataSettings(BaseModel):
    """What the networks learn, and how it is prepared."""

    dataset: str = knob("digits", "What the networks learn.", title="Data set", choices=DATASETS, play=1)
    datapath: str = knob(
        "",
        "Folder that holds the data sets, in torchvision's layout. Empty: $DFA_LAB_DATA, else ./Datasets.",
        title="Data folder",
        when={"dataset": ON_DISK},
        local=True,
    )
    download: bool = knob(
        False,
        "Fetch the data set if it is not in the folder yet.",
        title="Download if missing",
        when={"dataset": ON_DISK},
        switch=True,
        local=True,
        play=1,
    )
    incomplete: bool = knob(
        False,
        "Train on the data set even where its files hold other numbers of samples than were published.",
        title="Take an incomplete data set",
        when={"dataset": ON_DISK},
        switch=True,
    )
    svhn_extra: bool = knob(
        True,
        "Train on the 531,131 easier images of SVHN's part 'extra' too, as dfa-torch does.",
        title="SVHN's extra images",
        when={"dataset": registry.using(SETS, "svhn_extra")},
        play=1,
    )
    classes: int = knob(
        2,
        "Number of classes of the toy sets spirals and gaussians.",
        when={"dataset": registry.using(SETS, "classes")},
        play=1,
        ge=2,
        le=10,
    )
    points: str = knob(
        START,
        "The set 'points', up to 500 points of up to ten classes that you draw or load, four characters a point. One in "
        "five of each class tests; where no class has five, all train and test.",
        title="Your own points",
        when={"dataset": registry.using(SETS, "points")},
        play=1,
    )
    normalization: str = knob(
        "scale",
        "scale: inputs to [0, 1] by the training set's range; simple: one mean and standard deviation; "
        "channel: mean and standard deviation of each channel; image: of each pixel. Whitening takes its place.",
        choices=("scale", "simple", "channel", "image"),
        words={
            "scale": "to [0, 1]",
            "simple": "one mean and deviation",
            "channel": "mean and deviation of each channel",
            "image": "mean and deviation of each pixel",
        },
    )
    format: str = knob(
        "rgb",
        "Colour images as red, green, blue, or as brightness and two colour differences (yuv).",
        title="Colours",
        choices=("rgb", "yuv"),
        words={"rgb": "red, green, blue", "yuv": "brightness and two colour differences"},
    )
    whiten: bool = knob(
        False,
        "ZCA whitening: the inputs' covariance over the training set becomes the identity.",
        title="Whitening (ZCA)",
        switch=True,
    )
    augment: bool = knob(
        False,
        "Training images are cropped by up to a quarter, scaled back and mirrored at random in every epoch.",
        title="Augmentation",
        switch=True,
        midway=True,
    )
    preproc_folder: str = knob(
        "",
        "Folder that keeps whitening matrices, which take long to compute. Empty: 'preprocessed' in the data folder.",
        title="Whitening cache",
        flag="preProcDir",
        local=True,
    )
    hold_out: bool = knob(
        False,
        "Test on a part of the training set that is held out (10,000 samples, at most a fifth); the test set is not used.",
        title="Hold out a validation part",
        flag="validate",
        switch=True,
    )
    train_samples: int = knob(
        0,
        "Train on so many samples of the training set, of each class equally many as far as there are so many; the inputs are "
        "prepared by these alone. 0: on all.",
        title="Train on a subset",
        unit="samples",
        ge=0,
        le=1_000_000,
    )
    split_seed: int = knob(
        0,
        "Fixes which training samples are held out, and which are the subset.",
        title="Seed of the split",
        ge=0,
        le=2**31 - 1,
    )
