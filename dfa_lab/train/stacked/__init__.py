"""Fast: the same training steps with gradients written down by hand, one run or several of one shape at once.

autograd computes nothing else than these formulas, but every step anew through a graph of small objects; and runs that
differ in rule or seed only are one computation on stacked tensors. Networks and rules that are not known here are
trained by `Run.step`; tests hold every path here against that one.

Shapes: R runs. With R = 1 tensors are as in a network; else a dense h is (R, N, n), maps are (N, R·C, H, W) with a
group of channels a run, and parameters are stacked, (R, …).
"""
