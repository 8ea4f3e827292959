"""dfa: direct feedback alignment."""

from dfa_lab.feedback.rule import DirectRule

PLACE = 3


class Dfa(DirectRule):
    """The output error reaches every block at once, through a fixed random matrix of its own."""

    title = "Direct feedback alignment"
    equation = r"\hat\delta_\ell = e \, B_\ell"
    source = "Nøkland (2016), NIPS; dfa-torch: -gradient dfa"
    colour = "#D55E00"
    paper_starts_at_zero = True


RULE = Dfa
