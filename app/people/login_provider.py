"""Streamlit's own login by OpenID Connect: the providers that `[auth]` of secrets.toml names, and whom its cookie names."""

import json
import time
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from streamlit import auth_util, config
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server import server_util
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from app.people.login_key import LoginError

DEFAULT = "default"  # Streamlit's name for the provider whose client_id is in [auth] itself
CALLBACK = "/oauth2callback"
AGAIN = 60.0  # seconds after which a cookie is read once more, and may have become too old
SHORTEST = 32  # characters of cookie_secret
UNREAD = "{} cannot be read as secrets, so that nobody knows whether it asks for a login. Correct it, or remove it."
UNUSABLE = "[auth] of secrets.toml cannot be used: {}"
NO_CALLBACK = "redirect_uri has to be the lab's own address with {} after it, as the provider knows it, and is {!r}."
GUESSED = (
    "cookie_secret has {} characters, and whoever guesses it can be anybody: give at least {}, such as those of "
    '`python3 -c "import secrets; print(secrets.token_urlsafe(32))"`.'
)
MISSING = "a package is missing ({}): install what requirements.txt names."


@cache  # secrets.toml is read once, when the server starts
def providers() -> Mapping[str, str]:
    """The host of each provider of a login, by its name; none where `[auth]` is not there. Raises LoginError."""
    if not secrets_singleton.load_if_toml_exists():
        if there := [str(file) for file in config.get_option("secrets.files") if Path(file).exists()]:
            raise LoginError(UNREAD.format(", ".join(there)))
        return {}
    said = auth_util.get_secrets_auth_section().to_dict()
    if not said:
        return {}
    sections = {name: each for name, each in said.items() if isinstance(each, dict) and name != "client_kwargs"}
    names = [DEFAULT] if "client_id" in said or not sections else []
    try:
        for name in (*names, *sections):
            auth_util.validate_auth_credentials(name)
        auth_util.get_expose_tokens_config()
    except StreamlitAuthError as error:
        raise LoginError(UNUSABLE.format(" ".join(str(error).split()))) from None
    if why := _why_not(said):
        raise LoginError(UNUSABLE.format(why))
    return {name: _host(sections.get(name, said)["server_metadata_url"]) for name in (*names, *sections)}


def _why_not(said: Mapping) -> str:
    """What Streamlit would find only when somebody logs in, or not at all."""
    if not str(said["redirect_uri"]).endswith(CALLBACK) or not _host(said["redirect_uri"]):
        return NO_CALLBACK.format(CALLBACK, said["redirect_uri"])
    if len(said["cookie_secret"]) < SHORTEST:
        return GUESSED.format(len(said["cookie_secret"]), SHORTEST)
    try:
        import authlib.integrations.starlette_client  # noqa: F401 (only where it is used: it takes a while)
    except ImportError as error:
        return MISSING.format(error.name)
    return ""


def _host(address: str) -> str:
    return urlsplit(address).netloc


def named(cookies: Mapping[str, str]) -> Mapping[str, object] | None:
    """What a provider has said of whoever has these cookies, `iss` and `sub` among it; None where nobody has logged in.

    The cookie is signed with cookie_secret, and good for as long as Streamlit lets it be.
    """
    theirs = tuple((name, value) for name, value in cookies.items() if name.startswith(server_util.AUTH_COOKIE_NAME))
    if not theirs:
        return None
    return _named(theirs, server_util.get_cookie_secret(), auth_util.get_origin_from_redirect_uri(), int(time.time() / AGAIN))


@lru_cache(512)  # asked for at every request: reading takes a tenth of a millisecond
def _named(cookies: tuple[tuple[str, str], ...], secret: str, origin: str | None, _: int) -> Mapping[str, object] | None:
    by_name = dict(cookies)

    def one(name: str) -> bytes | None:
        value = by_name.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1", "replace"))

    try:
        said = json.loads(auth_util.get_cookie_with_chunks(one, server_util.AUTH_COOKIE_NAME) or "{}")
    except ValueError:
        return None
    whole = isinstance(said, dict) and all(isinstance(said.get(name), str) and said[name] for name in ("iss", "sub"))
    if not whole or not said.get("is_logged_in") or said.get("origin") != origin:
        return None
    return said


def addresses(said: Mapping) -> list[str]:
    """The e-mail address of somebody, if the provider says that it is theirs."""
    return [str(said["email"])] if said.get("email") and said.get("email_verified") in (True, "true") else []


def sentence() -> str:
    """How visitors are known, for whoever starts the server."""
    return f"Who they are, {' or '.join(providers().values())} says (OpenID Connect); nobody else is let in."
