"""dfa: direct feedback alignment."""

from dfa_lab.feedback.description import ScriptLines
from dfa_lab.feedback.rule import DirectRule

PLACE = 3


class Dfa(DirectRule):
    """The output error reaches every block at once, through a fixed random matrix of its own."""

    title = "Direct feedback alignment"
    equation = r"\hat\delta_\ell = e \, B_\ell"
    source = "Nøkland (2016), NIPS; dfa-torch: -gradient dfa"
    colour = "#D55E00"
    paper_starts_at_zero = True
    script = ScriptLines(
        "torch.autograd.backward([*hs, y], [*(e @ B for B in Bs), e])",
        "e straight to every hidden layer",
        feedback="[draw_feedback((sizes[-1], sizes[l]), seed, l) for l in range(1, len(sizes) - 1)]",
        about_feedback="from the output straight to every hidden layer",
        cut=True,
    )


RULE = Dfa
