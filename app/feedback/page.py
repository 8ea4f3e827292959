"""The page Feedback: B beside what it stands in for, of the experiment on screen; and buttons that change it."""

import streamlit as st

from app.bar import scrubber, share_links
from app.charts import finished
from app.feedback import changes, matrix_figures
from app.feedback.changes import Part, widget
from app.form import settings_form
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import moment, view_link, waiting, watching, whose
from app.visit.session import Remembered, held, hold, session
from dfa_lab.feedback import Promise, rule_class
from dfa_lab.feedback.changing import step_of
from dfa_lab.feedback.distributions import scale_of
from dfa_lab.inspect.feedback_picture import Pair, Picture, blocks_with_feedback, pair, picture
from dfa_lab.measure.lengths import rms
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ENDED, Status
from dfa_lab.runs.store.known_wrong import SAID
from dfa_lab.settings.parsing import describe
from dfa_lab.train.trainer import Trainer

EVERY = 2.0  # seconds between two pictures
MOST_POINTS = 400  # of the curve
WITH_FEEDBACK = (Promise.DIRECT, Promise.LAYERWISE)  # rules that are shown before others
INTRO = (
    "Under backpropagation the error comes down through the forward weights **W**. Feedback alignment puts a fixed random "
    "matrix **B** in their place. **B never learns: W does**, and turns until what B delivers points roughly where the true "
    "gradient points. Change B while it trains, and W has to turn once more."
)
# Where there is little room, the matrices come before the slider.
STYLE = """<style>
@media (max-width: 640px), (max-height: 600px) { [data-testid=stLayoutWrapper]:has(> .st-key-scrubber) { order: 1; } }
</style>"""


class Drawn(Remembered, prefix="feedback"):
    """What the page around the pictures was drawn for."""

    around: tuple[str, str, int] | None = None


drawn = Drawn()


def show() -> None:
    """The whole page."""
    share_links.title(pages.FEEDBACK, "The feedback matrices")
    watching.arrive()
    settings_form.show_problems(session.problems)
    status = watching.current()
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{whose.subject(status)}: **{plain(describe(status.experiment))}**, {_seen(status)}.")
        pages.link(pages.LAB, "Its curves in the Lab")
    whose.note(status)
    scrubber.show()
    rule, seed, block = _choose(status)
    part = changes.buttons(status, rule, seed, block)
    view_link.tell(_told(status, rule, seed, block, part))
    drawn.around = _shown(status)
    waits = status.demo or status.state in ("queued", "loading", "running")
    st.fragment(_tick, run_every=EVERY if waits else None)(rule, seed, block, part)
    with st.container(width=960):
        st.markdown(INTRO)


def _shown(status: Status) -> tuple[str, str, int]:
    """What the page around the pictures depends on. One showing of the demonstration is like another."""
    return ("demo" if status.demo else status.id), _seen(status), len(status.layers)


def _seen(status: Status) -> str:
    """The state of an experiment in a word; that of a demonstration, which begins again by itself, does not matter."""
    return "running" if status.demo and not moment.past(status) else status.state


def _choose(status: Status) -> tuple[str, int, int]:
    """Rule, seed and block. What was chosen stays while it can be."""
    experiment = status.experiment
    rules, seeds = list(experiment.rules), list(experiment.seeds)
    blocks = list(range(1, len(status.layers) + 1)) or [1]
    usual = _usual(status)
    for key, options, default in (("rule", rules, usual), ("seed", seeds, seeds[0]), ("block", blocks, blocks[0])):
        if held(widget(key)) not in options and (key != "block" or status.layers):
            hold(widget(key), view_link.told(key, options, default))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Rule", rules, key=widget("rule"), required=True, persist_state="session")
        if len(seeds) > 1:
            st.selectbox("Seed", seeds, key=widget("seed"), persist_state="session", width=120)
        wanted = held(widget("block"), 1)
        blocks = blocks if wanted in blocks else [*blocks, wanted]  # while a copy of the demonstration is being loaded
        kind = st.segmented_control if len(blocks) <= 6 else st.selectbox
        more = {"required": True} if len(blocks) <= 6 else {"width": 160}
        kind("Delivers at block", blocks, key=widget("block"), persist_state="session", **more)  # type: ignore[operator]
        own = view_link.told("own", [True, False], True)
        st.toggle("In units of each one's spread", own, key=widget("own"), help=OWN, persist_state="session")
    chosen = (held(widget(key)) for key in ("rule", "seed", "block"))
    rule, seed, block = chosen
    return rule or usual, seeds[0] if seed is None else seed, block or 1


def _usual(status: Status) -> str:
    """The rule that is shown before anybody has chosen."""
    rules = status.experiment.rules
    with_feedback = (rule for kind in WITH_FEEDBACK for rule in rules if rule_class(rule).promise is kind)
    return next(with_feedback, rules[0])


def _told(status: Status, rule: str, seed: int, block: int, part: Part) -> dict[str, tuple[object, object]]:
    """What is chosen, for the address."""
    seeds = status.experiment.seeds
    return {
        "rule": (rule, _usual(status)),
        "seed": (seed, seeds[0]),
        "block": (block, 1),
        **changes.told(part),
        "own": (held(widget("own")), True),
    }


def _tick(rule: str, seed: int, block: int, part: Part) -> None:
    status = watching.current()
    if _shown(status) != drawn.around:
        st.rerun()
    if status.state in ("queued", "loading"):
        waiting.show(status)
    elif status.state in ENDED and not status.demo:
        st.info(
            f"It has ended ({status.state}), and its networks are no longer in memory: matrices are shown of experiments "
            "that run or are paused, or of a step that is replayed. Choose one with the slider, or start it again in the Lab.",
            icon=":material/info:",
        )
    else:
        _draw(status, rule, seed, block, part)
    _history(status, rule, seed, block)


def _draw(status: Status, rule: str, seed: int, block: int, part: Part) -> None:
    number = status.experiment.runs().index((rule, seed))

    def copied(trainer: Trainer) -> tuple[list[int], Pair | None, int]:
        run = trainer.runs[number]
        return blocks_with_feedback(run.rule, run.network), pair(run.rule, run.network, block), trainer.step

    try:
        blocks, found, step = moment.look(status.id, copied)
    except Gone as gone:
        if moment.past(status):
            st.info(plain(str(gone)), icon=":material/hourglass_empty:")
            return
        waiting.show(status, gone)
        return
    if found is None:
        st.info(_without(rule, blocks), icon=":material/info:")
        return
    scale = scale_of(status.experiment, block)
    _pictures(picture(found), rule, block, step, part, _said_of(found, part), scale)


def _without(rule: str, blocks: list[int]) -> str:
    if blocks:
        return f"{rule} sends nothing through a matrix of its own to this block."
    if rule_class(rule).promise is Promise.WEIGHTS:
        return f"{rule} has no feedback matrix: its error comes back through W itself, so there is nothing to set beside it."
    return f"{rule} has no feedback matrix."


def _pictures(shown: Picture, rule: str, block: int, step: int, part: Part, framed: str, scale: float) -> None:
    colour, theme, W = rule_class(rule).colour, str(st.context.theme.type), shown.W
    both = [one for one in (W, shown.B) if one is not None]
    own = held(widget("own"))
    units = {one.name: (one.spread if own else 0.0) or 1.0 for one in both}
    limit = max(one.largest / units[one.name] for one in both) or 1.0
    left, right = st.columns(2)
    for place, one in ((left, W), (right, shown.B)):
        with place:
            if one is None:
                st.markdown("**No W to compare with**")
                st.caption("Above this block are layers that are not simply dense, one after the other: no one matrix does it.")
                continue
            of = "the weights it stands in for" if one is W else "the feedback"
            st.markdown(f"**{one.name}**, {of}: {one.shape[0]} × {one.shape[1]}")
            alt = f"{one.name} at step {step}: blue is negative, orange positive, no colour zero."
            _chart("W" if one is W else "B", matrix_figures.heat(one, limit * units[one.name], theme, *part), alt)
    if framed:
        st.markdown(framed)
    st.caption(_said(shown, rule, block, step, scale))
    _figures(shown)
    left, right = st.columns(2)
    if W is not None:
        with left:
            st.markdown("**Entry by entry**")
            _chart("scatter", matrix_figures.scatter(shown, colour), f"Entries of {W.name} across and of {shown.B.name} up.")
    with right:
        st.markdown("**How large the entries are**")
        _chart("histogram", matrix_figures.histogram(shown, colour, own), f"Histogram of {shown.B.name} and what it replaces.")


OWN = (
    "Of colours and histogram. On: the same colour is the same multiple of the matrix's own spread, so that patterns can be "
    "compared though W grows and B does not. Off: the same colour is the same number in both."
)


def _said(shown: Picture, rule: str, block: int, step: int, scale: float) -> str:
    """What is drawn, in words; `scale`: what B was drawn with."""
    W, B = shown.W, shown.B
    said = [f"Step {step:,}. A column is a unit of block {block}, which receives; a row is where the error comes from."]
    if W is not None and " " in W.name:
        said.append(
            f"{rule} has no single W to replace: {W.name} is what the error would pass on its way down, but for the "
            "derivatives of the nonlinearity."
        )
    if (cells := (len(B.cells), len(B.cells[0]))) != B.shape:
        said.append(f"It is drawn in {cells[0]} × {cells[1]} cells, each the mean of a block of entries, which pales them.")
    if scale != 1:
        said.append(f"{B.name} was drawn {scale:g} times as wide as the feedback magnitude says.")
    return " ".join(said)


def _said_of(pair: Pair, part: Part) -> str:
    """The part that is framed, in numbers; nothing where that is all."""
    if not part.unit or part.unit > pair.B.shape[1] or part.row > len(pair.B):
        return ""
    B, unit = pair.B, part.unit - 1
    if not part.row:
        column, spread = B[:, unit], rms(B[:, unit])
        return f"Framed: what unit {part.unit} receives, {len(column)} entries of {B.numel():,}, of spread {spread:.3g}."
    entry = f"{pair.B_name} from row {part.row} to unit {part.unit} is {float(B[part.row - 1, unit]):+.3g}"
    there = "" if pair.W is None else f", {pair.W_name} there {float(pair.W[part.row - 1, unit]):+.3g}"
    return f"Framed: {entry}{there}. It is one of {B.numel():,}: expect the signal to turn little."


def _figures(shown: Picture) -> None:
    W = shown.W
    with st.container(horizontal=True, gap="large"):
        if W is not None:
            st.metric("Angle of the two", _with(shown.angle, "{:.1f}°"), help="90° is chance, 0° the same direction")
            st.metric("Correlation", _with(shown.correlation, "{:+.2f}"), help="Of their entries; 0 is chance")
            st.metric("Same sign", _with(shown.same_sign, "{:.0%}"), help="Share of the entries; 50 % is chance")
            st.metric(f"Spread of {W.name}", f"{W.spread:.3g}", help="Root of the mean square of the entries")
        st.metric(f"Spread of {shown.B.name}", f"{shown.B.spread:.3g}", help="Root of the mean square of the entries")


def _with(value: float | None, form: str) -> str:
    return "none" if value is None else form.format(value)


def _history(status: Status, rule: str, seed: int, block: int) -> None:
    """The angle of what arrives at this block, and what was done to it."""
    number = status.experiment.runs().index((rule, seed))
    mine = [r for r in manager().records(status.id) if r.run == number and r.layer == block and r.metric == "signal_angle"]
    texts = [event.text for event in manager().store.events(status.id) if step_of(event.text) is not None]
    st.markdown(f"**The signal at block {block} and the true gradient**")
    if any(r.value is not None for r in mine):
        mine = mine[:: 1 + len(mine) // MOST_POINTS] + mine[-1:]
        steps = [step for text in texts if (step := step_of(text)) is not None]
        figure = matrix_figures.recovery([r.step for r in mine], [r.value for r in mine], steps, rule_class(rule).colour)
        alt = "Angle between what arrives and the true gradient. 90° (dashed) is chance, 0° is bp; dotted: B was changed."
        _chart("recovery", figure, alt)
        st.caption(alt)
    else:
        st.caption("There is no angle: nothing arrives, or nothing has been measured yet.")
    if any(r.value is None for r in mine) and manager().store.left_out([status.id]):
        st.caption(SAID)
    for text in texts[-8:]:
        st.caption(plain(text))


def _chart(name: str, figure, alt: str) -> None:
    """Draw a figure. With its name as a key a new picture takes the place of the old one; without, the chart would blink."""
    finished.show(figure, alt, key=f"feedback_{name}")
