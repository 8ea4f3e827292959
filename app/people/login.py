"""Login: where an institution says who somebody is, that and not a browser's cookie makes the visitor.

A reverse proxy says it (login_proxy.py), or a provider of OpenID Connect does (login_provider.py). The lab keeps no name: a
visitor's id is a hash of it with a key (login_key.py).
"""

import os

from app.people import login_key, login_provider, login_proxy
from app.people.login_key import LoginError
from dfa_lab.machine.runs_folder import runs_folder
from dfa_lab.runs.rights import Visitor

ADMINISTRATORS = "DFA_LAB_ADMINISTRATORS"  # of the environment
OWN = "x-dfa-lab-login"  # the header in which the gate (login_gate.py) tells the server who it has let in; from nobody else
CLAIM = "dfa_lab_login"  # what Streamlit keeps that as, see .streamlit/config.toml
BOTH = (
    "--login-header is set, and [auth] of secrets.toml asks for a login too: who somebody is, only one of them can say. Take "
    "one of them away."
)
NO_LOGIN = (
    "--administrators is {!r}, and nobody says who somebody is: give --login-header and --login-proxy too, or [auth] in "
    "secrets.toml, or use the link that is printed at the start."
)


def on() -> bool:
    """Whether visitors are those that somebody names. Raises LoginError."""
    return login_proxy.proxy() is not None or bool(login_provider.providers())


def check() -> None:
    """Raise LoginError for what cannot be meant: before the server is there."""
    if login_proxy.proxy() and login_provider.providers():
        raise LoginError(BOTH)
    if on():
        login_key.key(runs_folder())
    elif said := os.environ.get(ADMINISTRATORS, "").strip():
        raise LoginError(NO_LOGIN.format(said))


def keeps(*names: str) -> bool:
    """Whether one of these names was said at the start to be an administrator's; in e-mail addresses a capital is nothing."""
    named = {_plain(name.strip()) for name in os.environ.get(ADMINISTRATORS, "").split(",")} - {""}
    return not named.isdisjoint(map(_plain, names))


def _plain(name: str) -> str:
    return name.casefold() if "@" in name else name


def told(id: str, administrator: bool) -> str:
    """What OWN says of a visitor."""
    return f"{id} administrator" if administrator else id


def heard(said: object) -> Visitor | None:
    """The visitor of whom OWN tells; None where it tells of nobody."""
    words = said.split() if isinstance(said, str) else []
    return Visitor(words[0], administrator=len(words) > 1) if words else None


def sentence() -> str:
    """How visitors are known, for whoever starts the server; empty where nobody names them. Raises LoginError."""
    if known := login_proxy.proxy():
        return known.sentence()
    return login_provider.sentence() if login_provider.providers() else ""
