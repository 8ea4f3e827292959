"""The settings of an experiment, by group; config.py makes one Experiment of them."""
