"""The commands. The options of `train` are made from the fields of Experiment: none is declared twice."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from dfa_lab import __version__
from dfa_lab.cli.export import import_
from dfa_lab.cli.options import DfaTorchCommand, once, parsed, refused, suiting, with_settings
from dfa_lab.cli.page_files import make_importable
from dfa_lab.cli.prove import prove
from dfa_lab.cli.reproduce import reproduce
from dfa_lab.cli.resume import resume
from dfa_lab.cli.runs_option import RunsFolder, use_folder
from dfa_lab.machine.runs_folder import is_folder
from dfa_lab.settings.experiment import loads_nothing

app = typer.Typer(
    help="DFA Lab: see how networks learn without backpropagation.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text: boxes squeeze long spellings and long sentences into narrow columns
)
PAGE_MISSING = "The page's files are not beside the package: install the wheel, or run from a clone of the project."


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"dfa-lab {__version__}")
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, show_default=False, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command(cls=DfaTorchCommand)
@with_settings
def train(
    json: Annotated[
        list[Path] | None,
        typer.Option("--json", metavar="FILE", show_default=False, help="Write settings and results to this file."),
    ] = None,
    visualize: Annotated[
        bool,
        typer.Option(
            "--visualize",
            show_default=False,
            help="Write report.html and curves.png to the folder of --save, else to one named by date and time.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", show_default=False, help="No progress bar and no table.")] = False,
    suited: Annotated[
        bool,
        typer.Option(
            "--suited",
            show_default=False,
            help="Take the settings that suit the data set, as the page fills them in, in place of the defaults. What is given "
            "beside it counts.",
        ),
    ] = False,
    runs: Annotated[
        Path | None,
        typer.Option(
            "--runs",
            metavar="FOLDER",
            show_default=False,
            callback=use_folder,
            help="List the training in this folder of runs too: a page with the same --runs shows it live. --save, --load and "
            "--visualize are about this folder then, else about $DFA_LAB_RUNS, else ./runs.",
        ),
    ] = None,
    **settings: Any,
) -> None:
    """Train the rules side by side without a page.

    Options take one dash or two, hyphens or underscores, and dfa-torch's capitals or none.
    """
    file, given = once({"json": json, **settings})
    if visualize and not make_importable():
        raise refused([PAGE_MISSING])
    if suited:
        given |= suiting(given, quiet)

    experiment = parsed(given) if loads_nothing(given.get("load", "")) else None

    # torch is imported by what follows; neither the help nor a refusal waits for it
    from dfa_lab.cli import output as cli_output
    from dfa_lab.cli import train

    begun = train.spread(train.begin(experiment or given))
    outputs: list[cli_output.Output] = []
    if begun.trainer.experiment.save:
        outputs.append(train.keep(begun))
    if file:
        outputs.append(cli_output.File(file))
    if visualize:
        outputs.append(_report(begun.trainer.experiment.save))
    for said in filter(None, [begun.notice, begun.incomplete]):
        if not quiet:
            typer.echo(said, err=True)
    listed = train.Listed(runs, begun.trainer.experiment, begun.incomplete) if runs else None
    summary, problems = train.advance(begun, outputs, quiet, listed)
    unwritten = [output.at_end(summary) for output in outputs]
    problems += filter(None, unwritten)
    if not quiet:
        cli_output.print_table(summary)
        for output, problem in zip(outputs, unwritten, strict=True):
            if not problem and (notice := output.notice(summary)):
                typer.echo(notice)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)


def _report(save: str) -> Any:
    """The output that --visualize asks for."""
    from app import report
    from dfa_lab.cli.output import Report

    return Report(save, {"report.html": report.html, "curves.png": report.png})


@app.command(cls=DfaTorchCommand)
def ui(
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others on the network in.")] = "localhost",
    runs: RunsFolder = None,
    models: Annotated[
        Path | None,
        typer.Option(
            help="Folder of network files that the page offers and this computer runs for whoever opens the page. "
            "Default: $DFA_LAB_MODELS, else none."
        ),
    ] = None,
    quota: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            show_default=False,
            help="How much that folder may take, such as 20GB: beyond, past steps of old experiments are no longer kept, and "
            "where that is not enough nothing new begins. Default: $DFA_LAB_QUOTA, else no limit.",
        ),
    ] = "",
    shared: Annotated[
        bool,
        typer.Option(
            "--shared",
            help="Whoever opens the page owns what they begin, and cannot change what is others'. By itself so where --address "
            "lets others in; say it where a proxy on this computer does. Default: $DFA_LAB_SHARED.",
        ),
    ] = False,
    admin_token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Of a shared server: a file with a token of at least 16 characters, by which you are its administrator. "
            "Default: $DFA_LAB_ADMIN_TOKEN_FILE, else a link that works once is printed.",
        ),
    ] = None,
    login_header: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="The header in which a reverse proxy says who somebody is, such as X-Forwarded-User: the lab is then shared, "
            "and who is not named is not let in. With --login-proxy alone. Default: $DFA_LAB_LOGIN_HEADER, else none.",
        ),
    ] = "",
    proxy: Annotated[
        str,
        typer.Option(
            "--login-proxy",
            metavar="ADDRESSES",
            show_default=False,
            help="That proxy's address, such as 127.0.0.1, or several or networks with commas between: from elsewhere the "
            "header is not believed. Default: $DFA_LAB_LOGIN_PROXY, else none.",
        ),
    ] = "",
    administrators: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Those of a login who keep the server, with commas between. Default: $DFA_LAB_ADMINISTRATORS, else nobody but "
            "by the administrator's link.",
        ),
    ] = "",
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host",
            metavar="NAME",
            show_default=False,
            help="A name by which the page is reached, such as lab.example.org or *.example.org: it answers to no others then. "
            "Give several by several --host. Default: $DFA_LAB_HOSTS, else any name where it is shared, else addresses alone.",
        ),
    ] = None,
    frame_ancestors: Annotated[
        str,
        typer.Option(
            metavar="PAGES",
            show_default=False,
            help="Sites whose pages may show the lab in a frame, such as https://moodle.example.org, or * for all. "
            "Default: $DFA_LAB_FRAME_ANCESTORS, else its own where it is shared, and all where it is not.",
        ),
    ] = "",
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open the lab in the browser."""
    if not make_importable():
        raise refused([PAGE_MISSING])
    if folder := models or os.environ.get("DFA_LAB_MODELS"):
        if not is_folder(folder):
            raise refused([f"--models is {folder}: there is no such folder; name the one that holds your network files."])
        os.environ["DFA_LAB_MODELS"] = str(Path(folder).resolve())  # said where the command was started
    if quota:
        from dfa_lab.runs.quota import NAME, QuotaError, parse_size

        try:
            parse_size(quota)
        except QuotaError as error:
            raise refused([str(error)]) from None
        os.environ[NAME] = quota
    from app.doors import hosts, security_headers
    from app.launch import serve
    from app.people import administrator, identity, login, login_key, login_proxy

    if shared:
        os.environ[identity.VARIABLE] = "1"
    if admin_token_file:
        os.environ[administrator.VARIABLE] = str(admin_token_file.resolve())
    if host:
        if wrong := [name for name in host if not hosts.name_of(name)]:
            raise refused([f"--host is {wrong[0]!r}: give a name alone, such as lab.example.org."])
        os.environ[hosts.VARIABLE] = ",".join(host)
    options = {login_proxy.HEADER: login_header, login_proxy.ADDRESSES: proxy, login.ADMINISTRATORS: administrators}
    options[security_headers.VARIABLE] = frame_ancestors
    os.environ.update({variable: said for variable, said in options.items() if said})
    try:
        administrator.own_token()
        login_proxy.proxy()
        security_headers.policy(shared)
    except (administrator.TokenError, login_key.LoginError, security_headers.AncestorsError) as error:
        raise refused([str(error)]) from None
    serve(port, address, browser)


@app.command(cls=DfaTorchCommand)
def export(
    id: Annotated[str, typer.Argument(help="The experiment: its id, which the page Experiments shows.")],
    out: Annotated[Path, typer.Option(help="The zip to write.", metavar="FILE")],
    runs: RunsFolder = None,
) -> None:
    """Write an experiment as one zip: settings, records, weights, report, and a PyTorch script that trains it again."""
    if not make_importable():
        raise refused([PAGE_MISSING])
    from app import report
    from dfa_lab.cli.export import write

    write(id, out, {"report.html": report.html, "curves.png": report.png})


app.command("import", cls=DfaTorchCommand)(import_)
app.command(cls=DfaTorchCommand)(resume)
app.command(cls=DfaTorchCommand)(prove)
app.command(cls=DfaTorchCommand)(reproduce)
