"""Whether phones reach the lab by the address at which it was opened, and by which address they do."""

import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from streamlit import config

from app.doors import hosts
from app.people import identity

CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))  # there in a container, whose addresses nobody outside reaches
BEYOND = ("192.0.2.1", 9)  # kept free for examples: the way to it is looked up, and nothing is sent there
PATIENCE = 0.5  # seconds
ALONE = (
    "Phones cannot open these links: localhost is this computer itself, and the lab listens to it alone. "
    "Start it with `make run ADDRESS=0.0.0.0` or `dfa-lab ui --address 0.0.0.0`, and share again: others in the network can "
    "then open it, and own what they begin."
)
UNKNOWN = (
    "Phones cannot open these links: localhost is this computer itself, and no address of it at which the lab answers was "
    "found. Open the lab by the name or address that this computer has in the network, and share from there."
)
MOVED = (
    "You opened the lab at localhost, which is another computer on every phone. These links have the address of this "
    "computer in the local network in its place."
)


def own(url: str) -> bool:
    """Whether this address means whatever computer it is opened on."""
    name = hosts.name_of(urlsplit(url).netloc)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def from_phones(url: str) -> tuple[str, str]:
    """(address, sentence): what phones open in place of an address of this server, empty where they cannot, and why."""
    if not own(url):
        return url, ""
    if identity.listens_alone():
        return "", ALONE
    port = int(config.get_option("server.port"))
    there = _address()
    if not there or not hosts.answers_to(there, identity.shared(), hosts.names()) or not _answers(there, port):
        return "", UNKNOWN
    return urlunsplit(urlsplit(url)._replace(netloc=f"{there}:{port}")), MOVED


def _address() -> str:
    """This computer's address in the local network; empty without a network, and where nobody outside could reach it."""
    if any(mark.exists() for mark in CONTAINERS):
        return ""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect(BEYOND)
            found = one.getsockname()[0]
    except OSError:
        return ""
    return "" if ipaddress.ip_address(found).is_loopback else found


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), PATIENCE):
            return True
    except OSError:
        return False
