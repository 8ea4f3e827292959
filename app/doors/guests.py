"""Who holds a connection to the server: so many in all and from one address, and those that wait make room for new ones."""

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Container, Hashable
from typing import Protocol

MOST = 4096  # connections at a time
PART = 2  # one address may hold this part of them: the others are for others
FULL = (
    "This server holds as many connections as it can, {}, and all of them are in use: close other tabs of it, "
    "or try again in {} seconds."
)
OWN_FULL = (
    "Your network address holds {} connections to this server, as many as one may: close other tabs of it, "
    "or try again in {} seconds."
)
AGAIN = 10  # seconds


class Guest(Protocol):
    """One end of a connection."""

    def drop(self) -> None:
        """Close it at once."""


class Guests:
    """The connections of one server. Call it from its loop's thread.

    A guest *waits* while it has asked for nothing: the head of its request is on the way, or nothing is.
    """

    def __init__(self, most: int = MOST, trusted: Container[str] = ()):
        """`trusted`: addresses of proxies, behind which are many visitors."""
        self.most, self._each, self._trusted = max(2, most), max(1, most // PART), trusted
        self._from: dict[Hashable, str] = {}  # connection -> network
        self._waiting: OrderedDict[Hashable, Guest] = OrderedDict()  # who has waited longest comes first
        self._count: Counter[str] = Counter()  # of each network

    def enter(self, key: Hashable, guest: Guest, address: str, room: bool = True) -> str:
        """Let a connection in, in place of one that waits where it has to be. Empty, or why not, for a person.

        `key`: what stays the same over the connection's whole life; `room`: whether there are files left to open.
        """
        network = "" if address in self._trusted else network_of(address)
        if network and self._count[network] >= self._each and not self._make_room(network):
            return OWN_FULL.format(self._each, AGAIN)
        if (len(self._from) >= self.most or not room) and not self._make_room():
            return FULL.format(len(self._from), AGAIN)
        self._from[key] = network
        self._count[network] += 1
        self.waits(key, guest)
        return ""

    def waits(self, key: Hashable, guest: Guest) -> None:
        """A connection has been answered, or has just come."""
        if key in self._from:
            self._waiting[key] = guest

    def busy(self, key: Hashable) -> None:
        """A connection has asked for something."""
        self._waiting.pop(key, None)

    def leave(self, key: Hashable) -> None:
        """A connection is gone; nothing happens if it was not let in."""
        self._waiting.pop(key, None)
        network = self._from.pop(key, None)
        if network is not None:
            self._count[network] -= 1
            if not self._count[network]:
                del self._count[network]

    def _make_room(self, network: str | None = None) -> bool:
        """Drop the one that has waited longest, of this network if one is named; False if none waits."""
        for key, guest in self._waiting.items():
            if network is None or self._from[key] == network:
                self.leave(key)
                guest.drop()
                return True
        return False


def network_of(address: str) -> str:
    """What one person can have many addresses of counts as one: of IPv6 the first half."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # no address, as of a socket of this computer's own
        return address or "?"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address
