"""shallow: the control. Only the readout learns, the hidden layers stay as they were drawn."""

from dfa_lab.feedback.description import ScriptLines
from dfa_lab.feedback.rule import ReadoutRule


class Shallow(ReadoutRule):
    """No signal reaches the hidden layers. A rule that does not beat this one teaches them nothing."""

    title = "Readout only (control)"
    equation = r"\hat\delta_\ell = 0"
    source = "the frozen control of Launay et al. (2020) and Refinetti et al. (2021)"
    colour = "#8A8A8A"
    control = True
    script = ScriptLines("y.backward(e)", "the hidden layers stay as they were drawn", cut=True)


RULE = Shallow
