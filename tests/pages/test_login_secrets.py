"""What `[auth]` of secrets.toml may say, whom its cookie names, and where the way back from a login leads."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest
from starlette.responses import HTMLResponse
from streamlit import auth_util, config
from streamlit.runtime.secrets import Secrets
from streamlit.web.server import server_util
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from app.people import login, login_key, login_provider, login_proxy
from app.people.wanted_page import COOKIE, LONGEST, Wanted

SECRET = "a secret of this test's own, long enough"
SHARED = {"redirect_uri": "https://lab.example.org/oauth2callback", "cookie_secret": SECRET}
ONE = {
    "client_id": "lab",
    "client_secret": "x",
    "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
}
OTHER = ONE | {"server_metadata_url": "https://other.example.org/about"}
COMES = {"iss": "https://id.example.org", "sub": "7", "is_logged_in": True, "origin": "https://lab.example.org"}
T = TypeVar("T")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Has this text be the secrets of the server."""
    for name in (login_proxy.HEADER, login_proxy.ADDRESSES, login.ADMINISTRATORS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path / "runs"))
    file, anew = tmp_path / "secrets.toml", Secrets()
    options = {"secrets.files": [str(file)]}
    monkeypatch.setattr(config, "get_option", lambda name, of=config.get_option: options.get(name, of(name)))
    for module in (login_provider, auth_util, server_util):
        monkeypatch.setattr(module, "secrets_singleton", anew)
    login_provider.providers.cache_clear()
    yield file.write_text
    login_provider.providers.cache_clear()


def written(auth: Mapping[str, object]) -> str:
    """As secrets.toml has it; JSON's texts are TOML's too."""
    single = [f"{name} = {json.dumps(value)}" for name, value in auth.items() if not isinstance(value, dict)]
    several = [f"\n[auth.{name}]\n{written(value)}" for name, value in auth.items() if isinstance(value, dict)]
    return "\n".join(single + several)


def auth(said: Mapping[str, object]) -> str:
    return f"[auth]\n{written(said)}\n"


def without(said: Mapping[str, T], name: str) -> dict[str, T]:
    return {key: value for key, value in said.items() if key != name}


@pytest.mark.parametrize(
    "text, why",
    [
        ("[auth", "cannot be read as secrets"),
        (auth(without(SHARED | ONE, "redirect_uri")), 'missing the "redirect_uri" key'),
        (auth(without(SHARED | ONE, "cookie_secret")), 'missing the "cookie_secret" key'),
        (auth(without(SHARED | ONE, "client_secret")), "client_secret"),
        (auth(SHARED | {"id": ONE, "other": without(OTHER, "server_metadata_url")}), "server_metadata_url"),
        (auth(SHARED), "client_id"),
        (auth(SHARED | ONE | {"cookie_secret": "short"}), "has 5 characters"),
        (auth(SHARED | ONE | {"redirect_uri": "https://lab.example.org/"}), "redirect_uri has to be the lab's own address"),
        (auth(SHARED | ONE | {"redirect_uri": "/oauth2callback"}), "redirect_uri has to be the lab's own address"),
        (auth(SHARED | ONE | {"expose_tokens": "all"}), "Only 'id' and 'access' are allowed"),
    ],
)
def test_secrets_that_cannot_be_meant_open_nothing(text: str, why: str, told: Callable[[str], int]) -> None:
    told(text)
    with pytest.raises(login_key.LoginError, match=why):
        login.check()
    with pytest.raises(login_key.LoginError):
        login.on()


def test_where_a_package_is_missing_nobody_finds_that_out_at_the_login(told, monkeypatch: pytest.MonkeyPatch) -> None:
    told(auth(SHARED | ONE))
    monkeypatch.setitem(sys.modules, "authlib.integrations.starlette_client", None)
    with pytest.raises(login_key.LoginError, match=r"a package is missing \(authlib"):
        login.check()


def test_providers_are_known_by_their_hosts_and_secrets_of_something_else_are_no_login(told) -> None:
    assert not login.on()
    told('[elsewhere]\npassword = "x"\n')
    assert not login.on()
    login_provider.secrets_singleton._reset()
    login_provider.providers.cache_clear()
    told(auth(SHARED | ONE | {"client_kwargs": {"prompt": "login"}, "other": OTHER}))
    login.check()
    assert login.on() and login_provider.providers() == {"default": "id.example.org", "other": "other.example.org"}
    assert "id.example.org or other.example.org says" in login.sentence()


def test_the_guides_example_is_taken_once_it_has_a_secret(told) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert f"at least {login_provider.SHORTEST} characters" in guide
    told(example)
    with pytest.raises(login_key.LoginError, match="cookie_secret has 1 characters"):
        login.check()
    login_provider.secrets_singleton._reset()
    told(example.replace("…", SECRET))
    login.check()
    assert login_provider.providers() == {"default": "login.example.org"}


def test_a_proxy_and_a_provider_cannot_both_say_who_somebody_is(told, monkeypatch: pytest.MonkeyPatch) -> None:
    told(auth(SHARED | ONE))
    monkeypatch.setenv(login_proxy.HEADER, "X-User")
    monkeypatch.setenv(login_proxy.ADDRESSES, "127.0.0.1")
    with pytest.raises(login_key.LoginError, match="only one of them can say"):
        login.check()


def test_the_cookie_names_who_has_logged_in_here(told) -> None:
    told(auth(SHARED | ONE))

    def cookie(said: object, secret: str = SECRET) -> dict[str, str]:
        return {"_streamlit_user": create_signed_value(secret, "_streamlit_user", json.dumps(said)).decode()}

    assert login_provider.named(cookie(COMES)) == COMES
    halves = [create_signed_value(SECRET, f"_streamlit_user_{n}", json.dumps(COMES)[part]) for n, part in PARTS]
    whole = {"_streamlit_user": create_signed_value(SECRET, "_streamlit_user", "chunks-2").decode()}
    whole |= {f"_streamlit_user_{n}": half.decode() for (n, _), half in zip(PARTS, halves, strict=True)}
    assert login_provider.named(whole) == COMES
    for wrong in (
        {},
        {"_streamlit_user": "x"},
        {"_streamlit_user": "\u20ac"},
        without(whole, "_streamlit_user_2"),
        cookie(COMES, "another secret, as long as the first"),
        cookie(without(COMES, "sub")),
        cookie(COMES | {"iss": ""}),
        cookie(COMES | {"is_logged_in": False}),
        cookie(COMES | {"origin": "https://another.example.org"}),
        cookie([COMES]),
        cookie("text"),
    ):
        assert login_provider.named(wrong) is None, wrong


PARTS = ((1, slice(None, 40)), (2, slice(40, None)))


def test_an_address_counts_where_the_provider_says_that_it_is_theirs() -> None:
    ada = {"email": "ada@example.org"}
    assert login_provider.addresses(ada | {"email_verified": True}) == ["ada@example.org"]
    assert login_provider.addresses(ada | {"email_verified": "true"}) == ["ada@example.org"]
    for said in (ada, ada | {"email_verified": False}, ada | {"email_verified": "false"}, {"email_verified": True}):
        assert login_provider.addresses(said) == []


@pytest.mark.parametrize("base", ["", "/lab"])
def test_the_way_back_leads_to_the_lab_alone(base: str) -> None:
    def way(kept: str, path: str = "/", query: bytes = b"") -> str | None:
        headers = [(b"cookie", f"{COOKIE}={quote(kept, safe='')}".encode())]
        answer = Wanted(base).back({"type": "http", "path": base + path, "query_string": query, "headers": headers})
        return None if answer is None else answer.headers["location"]

    assert way(f"{base}/?epochs=7&name=%C3%A4") == f"{base}/?epochs=7&name=%C3%A4"
    assert way("") is None and way("/compare", "/compare") is None and way("/compare", query=b"epochs=3") is None
    for bad in ("//example.org/", "https://example.org/", f"{base}/\\example.org", f"{base}/a\r\nSet-Cookie: b=c", "/\\e", "x"):
        assert way(bad) == f"{base}/", bad
    scope = {"type": "http", "path": f"{base}/compare", "query_string": b"a=b"}
    assert quote(f"{base}/compare?a=b", safe="") in Wanted(base).keep(scope, HTMLResponse("")).headers["set-cookie"]
    for unkept in (scope | {"path": f"{base}/", "query_string": b""}, scope | {"query_string": b"a" * LONGEST}):
        assert "set-cookie" not in Wanted(base).keep(unkept, HTMLResponse("")).headers
