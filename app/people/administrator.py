"""Whoever keeps a shared server. They open the link that is printed at its start, once, and are known from then on.

With a token of their own in a file (`--admin-token-file`) the link stays good, over restarts too.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

VARIABLE = "DFA_LAB_ADMIN_TOKEN_FILE"
COOKIE = "dfa_lab_administrator"
PATH = "administrator"
SHORTEST = 16  # characters of a token of one's own
LONGEST = 4096  # bytes that are read of its file, which may be an endless one


class TokenError(ValueError):
    """The file holds no token that can be used; the text says why."""


class _Links:
    """What opens the door: one link that is used up, and the browsers that came by it."""

    def __init__(self) -> None:
        self.once = secrets.token_urlsafe(32)
        self.known: set[str] = set()  # hashes of cookies


_links = _Links()


def own_token() -> str:
    """The token of the file; empty where none is named. Raises TokenError."""
    name = os.environ.get(VARIABLE)
    if not name:
        return ""
    try:
        with Path(name).open("rb") as file:
            token = file.read(LONGEST).decode().strip().strip("\0")
    except (OSError, ValueError) as error:
        raise TokenError(f"--admin-token-file is {name}: it cannot be read ({getattr(error, 'strerror', error)}).") from error
    if len(token) < SHORTEST:
        raise TokenError(f"--admin-token-file is {name}: it holds {len(token)} characters; at least {SHORTEST} are needed.")
    return token


def link(lab: str) -> str:
    """The administrator's link; `lab`: the address of the lab."""
    return f"{lab.rstrip('/')}/{PATH}?token={own_token() or _links.once}"


def enter(token: str) -> str:
    """What the administrator's browser keeps from now on; empty where the token is wrong or used up."""
    own = own_token()
    if own and hmac.compare_digest(token.encode(), own.encode()):
        return _hash(own)
    if own or not hmac.compare_digest(token.encode(), _links.once.encode()):
        return ""
    _links.once = secrets.token_urlsafe(32)  # the link is used up
    cookie = secrets.token_hex(32)
    _links.known.add(_hash(cookie))
    return cookie


def known(cookie: str) -> bool:
    """Whether this browser is the administrator's."""
    own = own_token()
    if own:
        return hmac.compare_digest(cookie.encode(), _hash(own).encode())
    return bool(cookie) and _hash(cookie) in _links.known


def _hash(text: str) -> str:
    return hashlib.sha256(f"dfa-lab administrator {text}".encode()).hexdigest()
