"""The runs of one experiment in several worker processes, one thread each, where that is quicker than one process.

sharing.py: how many processes, and who trains what; worker_process.py: what one of them does; together.py: all of them as
if they were one Trainer.
"""
