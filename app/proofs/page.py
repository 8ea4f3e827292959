"""The page "Is it really DFA?": proofs on the settings that are in the Lab's form."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st
import torch

from app.bar import share_links
from app.charts import finished
from app.form import settings_form
from app.proofs import proof_figures, verdict_table
from app.proofs.proof_figures import percent
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import form_state
from app.visit.session import Remembered, known
from dfa_lab import data, feedback, proofs
from dfa_lab.proofs import Examined, Outcome, Section, ShortTraining
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import describe
from dfa_lab.settings.proof_settings import ProofSettings
from dfa_lab.train.failures import out_of_memory, sentence
from dfa_lab.train.preflight import check

TO_END = ProofSettings.model_fields["control_to_end"]
SECONDS = {"5 s": 5.0, "15 s": 15.0, "60 s": 60.0}
OFTEN = 0.2  # seconds between two looks at the progress
KEPT = 200  # findings, of a few kilobytes each


@dataclass
class Training:
    """The last training of a session: of which settings, and its outcome once it has one."""

    settings: str
    training: ShortTraining | None
    outcome: Outcome | None = None


class Proof(Remembered, prefix="proof"):
    """What this visitor has had trained here."""

    training: Training | None = None


proof = Proof()


def show() -> None:
    """The whole page."""
    share_links.title(pages.PROOFS, "Is it really DFA?")
    experiment, problems = _settings()
    if experiment is None:
        pages.link(pages.LAB, "Change the settings in the Lab", "tune")
        settings_form.show_problems(problems)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Examined here: **{plain(describe(experiment))}**, rules **{', '.join(experiment.rules)}**.")
        pages.link(pages.LAB, "Change it in the Lab", "tune")
    try:
        _prove(experiment)
    except SettingsError as error:
        settings_form.show_problems(error.problems)
    except data.DataError as error:
        settings_form.show_problems([sentence(error, experiment, at_home=manager().rights.who().administrator)])
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        settings_form.show_problems([sentence(error)])


def _settings() -> tuple[Experiment | None, list[str]]:
    """What is in this session's form; the defaults in a session that has not opened the Lab."""
    if not known(form_state.key("dataset")):
        return Experiment(), []
    return settings_form.read()


def _prove(experiment: Experiment) -> None:
    check(experiment)
    overview = st.empty()
    examined: dict[str, Examined] = {}
    with st.spinner(f"Examining {', '.join(experiment.rules)} …"):
        for rule in experiment.rules:
            one = experiment.model_copy(update={"rules": (rule,)}).model_dump_json()
            if experiment.network_file:  # it may have been changed since
                _examine.clear(one, rule)
            examined[rule] = _examine(one, rule)
    kept = proof.training
    settings = experiment.model_dump_json()
    outcome = kept.outcome if kept and kept.settings == settings else None
    verdict_table.show(overview, proofs.sections(examined, outcome))
    path, matrices, products, control, angles = proofs.sections(examined, outcome)

    _heading(1, path)
    shown = {rule: one for rule, one in examined.items() if one.samples}  # of the others the findings say why there is nothing
    if shown:
        _paths(shown)
    _findings(path)
    _heading(2, matrices)
    _matrices(shown)
    _findings(matrices)
    _heading(3, products)
    if shown:
        _products(shown)
    _findings(products)
    notes = list(dict.fromkeys(note for one in examined.values() for note in one.notes))
    for one in list(shown.values())[:1]:
        notes.insert(0, f"Proofs 1 to 3: {one.samples} real training samples, initial weights, 64-bit numbers.")
    st.caption(plain(" ".join(notes)))

    _heading(4, control)
    outcome = _train(experiment, settings)
    if outcome:
        found = proofs.sections(examined, outcome)
        verdict_table.show(overview, found)
        _trained(outcome, found)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def _examine(settings: str, rule: str) -> Examined:
    with _turn("examining"):
        experiment = Experiment.model_validate_json(settings)
        return proofs.examine(experiment, rule, data.load(experiment, torch.device("cpu")))


@st.cache_resource(show_spinner=False)
def _turn(what: str) -> threading.Lock:
    """Visitors do one after another what takes a processor for seconds: others train beside it."""
    return threading.Lock()


def _train(experiment: Experiment, settings: str) -> Outcome | None:
    """The button and what it has led to."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        pressed = st.button("Train and compare", icon=":material/play_arrow:", type="primary")
        seconds = st.segmented_control("For at most", SECONDS, default="15 s", required=True, key="proof_seconds")
        to_end = st.toggle(str(TO_END.title), TO_END.default, help=TO_END.description, key="proof_control_to_end")
    if pressed:
        proof.training = Training(settings, ShortTraining(experiment, SECONDS[str(seconds)], to_end=to_end))
    kept = proof.training
    if kept is None or kept.settings != settings:
        st.caption("A short real training of all rules beside the control; proofs 4 and 5 look at what it leads to.")
        return None
    if kept.training:
        if pressed:
            _advance(kept.training)
        kept.outcome, kept.training = kept.training.outcome(), None  # also when Stop has cut it short
    return kept.outcome


def _advance(training: ShortTraining) -> None:
    """Train, with progress. Any click begins the script anew, which ends the training where it is."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Training …")
        st.button("Stop", icon=":material/stop:")
    turn, looked = _turn("training"), 0.0
    while not turn.acquire(timeout=OFTEN):
        bar.progress(0.0, "Another visitor's comparison is on: waiting for it …")
    try:
        for progress in training:
            if time.monotonic() - looked > OFTEN:
                looked = time.monotonic()
                bar.progress(progress.share, f"Step {progress.step:,}, {progress.left:.0f} s left")
    finally:
        turn.release()
    place.empty()


def _heading(number: int, section: Section) -> None:
    st.header(f"{number}. {section.question}", anchor=False, divider="gray")


def _chart(figure, alt: str) -> None:
    finished.show(figure, alt)
    st.caption(alt)


def _paths(examined: Mapping[str, Examined]) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**Only the backward pass sees other weights**")
        rows = {rule: one.transport.backward for rule, one in examined.items()}
        _chart(
            proof_figures.changes(rows, "W"),
            "W₂→G₁: by how many percent the gradient of layer 1 changes when W of layer 2 does. –: there is no gradient.",
        )
    with right:
        st.markdown("**The weights really change, the output error is kept**")
        rows = {rule: one.transport.forward for rule, one in examined.items()}
        _chart(
            proof_figures.changes(rows, "W"),
            "The same, with other activations above. fa's signal passes their local derivatives f'(a), dfa's passes nothing.",
        )


def _matrices(examined: Mapping[str, Examined]) -> None:
    rows = {rule: one.matrices.signs for rule, one in examined.items() if one.matrices.signs}
    if not rows:
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**The sign of one matrix is flipped**")
        _chart(
            proof_figures.signs(rows),
            "B₂→G₁: the gradient of layer 1 when B at block 2 is flipped. −1: reversed; +1: the same.",
        )
    with right:
        st.markdown("**Other matrices**")
        lines = ["| rule | all drawn anew | its own | set to be bp |", "| --- | ---: | ---: | ---: |"]
        for rule in rows:
            one = examined[rule].matrices
            lines.append(f"| **{rule}** | {percent(one.redrawn)} | {percent(one.own_to_bp)} | {percent(one.set_to_bp)} |")
        st.markdown("\n".join(lines))
        st.caption(
            "Smallest change of a hidden gradient when all matrices are drawn anew; smallest difference from bp with its own; "
            "largest difference from bp with those that must make it bp (rounding alone is about 1e-16)."
        )


def _products(examined: Mapping[str, Examined]) -> None:
    alt = (
        "Multiplications of one backward pass for one sample. Stripes: a signal times forward weights; dots: a signal times "
        "feedback matrices; plain: the gradients of the weights, which every rule needs. Bars may be too short to be seen."
    )
    _chart(proof_figures.products({rule: one.products for rule, one in examined.items()}), alt)
    kinds = list(proofs.Kind)
    lines = ["| rule | " + " | ".join(kinds) + " |", "| --- |" + " ---: |" * len(kinds)]
    for rule, one in examined.items():
        counts = [one.products.counts[kind] for kind in kinds]
        lines.append(f"| **{rule}** | " + " | ".join(c.words() for c in counts) + " |")
    st.markdown("\n".join(lines))
    st.caption("Number of products (and their multiplications for one sample).")


def _trained(outcome: Outcome, found: list[Section]) -> None:
    control = feedback.control()
    alt = f"Test error on {outcome.samples:,} samples with its 95 % interval; the dashed line is the control's, {control}."
    _chart(proof_figures.errors(outcome.control, control), alt)
    _findings(found[3])
    st.caption(plain(" ".join(outcome.notes)))
    _heading(5, found[4])
    angles = {rule: one for rule, one in outcome.aligned.items() if rule in found[4].findings}
    alt = "Angle between signal and true gradient at every block, mean over samples. Grey: what chance gives, 95 %. 0° is bp."
    _chart(proof_figures.angles(angles), alt)
    _findings(found[4])


def _findings(section: Section) -> None:
    """A line a rule, then how it was found."""
    lines = []
    for rule, finding in section.findings.items():
        lines.append(
            f'<div style="margin:6px 0">{verdict_table.of_rule(rule)} {verdict_table.of_verdict(finding)} '
            f"<span>{escape(finding.reason)}</span></div>"
        )
    st.html("".join(lines))
    with st.expander("How it was computed"):
        st.markdown(plain(section.how))
