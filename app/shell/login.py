"""Login: where an institution says who somebody is, that and not a browser's cookie makes the visitor.

A reverse proxy says it in a header, which is believed from the proxy's own address alone. The lab keeps no name: a visitor's id
is a hash of it, with a key that stays in the folder of runs, so that nobody finds the name by trying names.
"""

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dfa_lab.machine.runs_folder import runs_folder
from dfa_lab.runs.rights import Visitor

HEADER, PROXY, ADMINISTRATORS = "DFA_LAB_LOGIN_HEADER", "DFA_LAB_LOGIN_PROXY", "DFA_LAB_ADMINISTRATORS"  # of the environment
OWN = "x-dfa-lab-login"  # the header in which the gate (login_gate.py) tells the server who it has let in; from nobody else
CLAIM = "dfa_lab_login"  # what Streamlit keeps that as, see .streamlit/config.toml
KEY = "login.key"  # in the folder of runs
KEY_BYTES = 32
ALONE = (
    "{} is set and {} is not: a header says who somebody is only together with the address of the proxy that sends it. Give "
    "both, or neither."
)
NO_HEADER = "--login-header is {!r}: no header can be called that. Give its name alone, such as X-Forwarded-User."
NO_ADDRESS = (
    "--login-proxy is {!r}: {!r} is no address. Give the proxy's, such as 127.0.0.1, or a network, such as 10.1.0.0/16."
)
EVERYBODY = "--login-proxy is {!r}: that is every address, and whoever came past the proxy would be believed. Name the proxy's."
NO_LOGIN = (
    "--administrators is {!r}, and nobody says who somebody is: give --login-header and --login-proxy too, or use the link "
    "that is printed at the start."
)
NO_KEY = "{} should hold {} bytes and cannot be used ({}): without it nobody is known again. Restore it from a backup."


class LoginError(ValueError):
    """What was said of the login cannot be meant; the text says why."""


@dataclass(frozen=True)
class Proxy:
    """Whose word is believed, and where it says it."""

    header: str  # in small letters
    addresses: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    def sends(self, peer: str) -> bool:
        """Whether what comes from this address comes from the proxy."""
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:  # a server for both kinds sees this
            address = address.ipv4_mapped
        return any(address in network for network in self.addresses)


def proxy() -> Proxy | None:
    """The proxy that names the visitors; None where none does. Raises LoginError."""
    return _proxy(os.environ.get(HEADER, "").strip(), os.environ.get(PROXY, "").strip())


@lru_cache(8)  # asked for at every request
def _proxy(header: str, addresses: str) -> Proxy | None:
    if not header and not addresses:
        return None
    if not header or not addresses:
        options = ["--login-header", "--login-proxy"]
        raise LoginError(ALONE.format(*(options if header else reversed(options))))
    if not re.fullmatch(r"[A-Za-z0-9-]+", header) or header.lower() in (OWN, "cookie", "host"):
        raise LoginError(NO_HEADER.format(header))
    networks = []
    for word in addresses.replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(word))
        except ValueError:
            raise LoginError(NO_ADDRESS.format(addresses, word)) from None
    if any(not network.prefixlen for network in networks):
        raise LoginError(EVERYBODY.format(addresses))
    return Proxy(header.lower(), tuple(networks))


def on() -> bool:
    """Whether visitors are those that somebody names. Raises LoginError."""
    return proxy() is not None


def check() -> None:
    """Raise LoginError for what cannot be meant: before the server is there."""
    if on():
        _key(runs_folder())
    elif said := os.environ.get(ADMINISTRATORS, "").strip():
        raise LoginError(NO_LOGIN.format(said))


def id_of(*name: str) -> str:
    """The id of the visitor who has this name, in as many parts as it takes; it stays the same in this folder of runs."""
    return hmac.new(_key(runs_folder()), "\0".join(name).encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:12]


@lru_cache(1)
def _key(folder: Path) -> bytes:
    """Drawn when it is first needed. Raises LoginError."""
    path = folder / KEY
    why = "too short"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        if len(key := path.read_bytes()) >= KEY_BYTES:
            return key
    except OSError as error:
        why = str(error.strerror)
    raise LoginError(NO_KEY.format(path, KEY_BYTES, why))


def keeps(*names: str) -> bool:
    """Whether one of these names is an administrator's, as it was said at the start."""
    named = {name.strip() for name in os.environ.get(ADMINISTRATORS, "").split(",")} - {""}
    return not named.isdisjoint(names)


def told(id: str, administrator: bool) -> str:
    """What OWN says of a visitor."""
    return f"{id} administrator" if administrator else id


def heard(said: object) -> Visitor | None:
    """The visitor of whom OWN tells; None where it tells of nobody."""
    words = said.split() if isinstance(said, str) else []
    return Visitor(words[0], administrator=len(words) > 1) if words else None


def sentence() -> str:
    """How visitors are known, for whoever starts the server; empty where nobody names them. Raises LoginError."""
    if (known := proxy()) is None:
        return ""
    addresses = ", ".join(str(each.network_address) if each.num_addresses == 1 else str(each) for each in known.addresses)
    return f"Who they are, the header {known.header} of the proxy at {addresses} says; nobody else is let in."
