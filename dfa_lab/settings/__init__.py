"""The settings of an experiment, by group; experiment.py makes one Experiment of them."""
