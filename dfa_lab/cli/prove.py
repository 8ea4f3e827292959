"""The command `prove`: is every rule what it says, on this network and these data?"""

from typing import Annotated, Any

import typer

from dfa_lab.cli.interrupt import patient
from dfa_lab.cli.options import once, parsed, refused, with_settings
from dfa_lab.settings.proof_settings import ProofSettings

TO_END = ProofSettings.model_fields["control_to_end"]


@with_settings
def prove(
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", min=0, max=3600, metavar="NUMBER", help="Of the short training; 0 leaves it out. Default: 10."
        ),
    ] = 10.0,
    control_to_end: Annotated[bool, typer.Option("--control_to_end", help=TO_END.description)] = TO_END.default,
    **settings: Any,
) -> None:
    """Prove on your own settings that each rule is what it says. Exit status 1 if one fails."""
    _, given = once(settings)
    experiment = parsed(given)

    # torch is imported by what follows; neither the help nor a refusal waits for it
    import torch

    from dfa_lab import data, proofs
    from dfa_lab.settings.experiment import SettingsError
    from dfa_lab.settings.parsing import describe
    from dfa_lab.train.preflight import check

    typer.echo(describe(experiment))
    try:
        check(experiment)
        dataset = data.load(experiment, torch.device("cpu"))
        examined = {rule: proofs.examine(experiment, rule, dataset) for rule in experiment.rules}
        outcome = _train(proofs.ShortTraining(experiment, seconds, to_end=control_to_end)) if seconds else None
    except SettingsError as error:
        raise refused(error.problems) from None
    except data.DataError as error:
        raise refused([str(error)]) from None
    found = proofs.sections(examined, outcome)
    for number, section in enumerate(found, start=1):
        if section.findings:
            _print(f"{number}. {section.question}", section)
    for note in dict.fromkeys([*(n for one in examined.values() for n in one.notes), *(outcome.notes if outcome else [])]):
        typer.echo(note)
    if proofs.failed(found):
        raise typer.Exit(1)


def _train(training: Any) -> Any:
    """To its end, or until Ctrl-C, which leaves the outcome of the steps so far."""
    with patient() as asked:
        for _ in training:
            if asked:
                typer.echo(f"Stopped at step {training.step}.", err=True)
                break
    return training.outcome()


def _print(heading: str, section: Any) -> None:
    typer.echo(f"\n{heading}")
    wide = max(map(len, section.findings))
    for rule, finding in section.findings.items():
        typer.echo(f"  {rule:<{wide}}  {finding.verdict.value:<15}  {finding.reason}")
