"""Autograd: the reference. One run at a time, through torch's own automatic differentiation.

It carries every network, rule and setting; `stacked/` computes the same by hand for those that it knows, and the tests hold
it against this.
"""
