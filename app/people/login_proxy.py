"""A reverse proxy's word on who somebody is: in a header that is believed from the proxy's own address alone."""

import ipaddress
import os
import re
from dataclasses import dataclass
from functools import lru_cache

from app.people.login_key import LoginError

HEADER, ADDRESSES = "DFA_LAB_LOGIN_HEADER", "DFA_LAB_LOGIN_PROXY"  # of the environment
ALONE = (
    "{} is set and {} is not: a header says who somebody is only together with the address of the proxy that sends it. Give "
    "both, or neither."
)
NO_HEADER = "--login-header is {!r}: no header can be called that. Give its name alone, such as X-Forwarded-User."
TAKEN = ("x-dfa-lab-login", "cookie", "host")
NO_ADDRESS = (
    "--login-proxy is {!r}: {!r} is no address. Give the proxy's, such as 127.0.0.1, or a network, such as 10.1.0.0/16."
)
EVERYBODY = "--login-proxy is {!r}: that is every address, and whoever came past the proxy would be believed. Name the proxy's."


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

    def sentence(self) -> str:
        """How visitors are known, for whoever starts the server."""
        addresses = ", ".join(str(each.network_address) if each.num_addresses == 1 else str(each) for each in self.addresses)
        return f"Who they are, the header {self.header} of the proxy at {addresses} says; nobody else is let in."


def proxy() -> Proxy | None:
    """The proxy that names the visitors; None where none does. Raises LoginError."""
    return _proxy(os.environ.get(HEADER, "").strip(), os.environ.get(ADDRESSES, "").strip())


@lru_cache(8)  # asked for at every request
def _proxy(header: str, addresses: str) -> Proxy | None:
    if not header and not addresses:
        return None
    if not header or not addresses:
        options = ["--login-header", "--login-proxy"]
        raise LoginError(ALONE.format(*(options if header else reversed(options))))
    if not re.fullmatch(r"[A-Za-z0-9-]+", header) or header.lower() in TAKEN:
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
