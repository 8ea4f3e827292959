"""A lab whose visitors log in at a provider of OpenID Connect (a small one of the tests' own): by HTTP, and in Chromium."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dfa_lab.runs.store.store import Store
from tests.browser.conftest import MAIN, servers
from tests.oidc_provider import CLIENT, SECRET, Provider, provider
from tests.page_socket import Headers, refused, visit

PEOPLE = {
    "ada": {"sub": "sub-of-ada", "email": "ada@example.org", "email_verified": True, "name": "Ada Lovelace"},
    "ben": {"sub": "sub-of-ben", "email": "keeper@example.org", "email_verified": False},
    "keeper": {"sub": "sub-of-keeper", "email": "keeper@example.org", "email_verified": True},
}
WATCHING = "you are watching"
PATHS = (
    "/",
    "/experiments",
    "/live/none?have=0",
    "/plotly.js",
    "/_stcore/host-config",
    "/_stcore/upload_file/a/b",
    "/login/no",
)
KEPT = "a secret of this test's own, long enough"
TOKEN = "a-token-of-this-test-s-own"
ASKED = "This lab is for those who log in"


class Site(NamedTuple):
    """A lab with a login, the provider of that, and where its runs are."""

    lab: str
    provider: Provider
    runs: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with provider(PEOPLE) as known, servers(tmp_path_factory) as serve:
        said = {
            "redirect_uri": "http://localhost:{port}/oauth2callback",
            "cookie_secret": KEPT,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "server_metadata_url": known.metadata,
        }
        (folder / "secrets.toml").write_text("[auth]\n" + "".join(f'{name} = "{value}"\n' for name, value in said.items()))
        (folder / "token").write_text(TOKEN)
        environment = {
            "DFA_LAB_ADMIN_TOKEN_FILE": str(folder / "token"),
            "STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml"),
            "DFA_LAB_RUNS": str(folder / "runs"),
            "DFA_LAB_ADMINISTRATORS": "Keeper@Example.org",
            "NO_PROXY": "127.0.0.1",
        }
        yield Site(serve(MAIN, environment=environment), known, folder / "runs")


class Browser:
    """One that keeps cookies and follows where it is led, and runs no script."""

    def __init__(self, site: Site):
        self._site, self._jar = site, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def get(self, address: str, headers: Headers = ()) -> tuple[int, str, str]:
        """The status, where it was led, and the text."""
        request = urllib.request.Request(urljoin(self._site.lab, address), headers={"Accept": "text/html", **dict(headers)})
        try:
            with self._opener.open(request, timeout=120) as answer:
                return answer.status, answer.url, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.url or "", error.read().decode()

    def log_in(self, person: str) -> str:
        """Where that leads to."""
        _, asking, text = self.get("/login/default")
        (link,) = re.findall(rf'href="([^"]+&person={person})"', text)
        return self.get(urljoin(asking, link))[1]

    @property
    def cookies(self) -> Headers:
        """What it sends with a WebSocket."""
        return [("Cookie", "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar))]


def of(person: str, site: Site) -> Headers:
    """The cookies of a browser in which this person has logged in just now."""
    browser = Browser(site)
    browser.log_in(person)
    return browser.cookies


def test_nobody_comes_in_before_they_have_logged_in(site: Site) -> None:
    theirs = {
        "iss": site.provider.address,
        "sub": "sub-of-ada",
        "is_logged_in": True,
        "origin": site.lab,
        "provider": "default",
    }
    signed = {
        secret: create_signed_value(secret, "_streamlit_user", json.dumps(theirs)).decode() for secret in (KEPT, "guessed")
    }
    for headers in (
        [],
        [("Cookie", f"_streamlit_user={signed['guessed']}")],
        [("Cookie", f"_streamlit_user={signed[KEPT]}0")],
        [("Cookie", f"_streamlit_user_tokens={signed[KEPT]}; dfa_lab_visitor={'0' * 64}")],
        [("x-dfa-lab-login", "0123456789ab administrator"), ("X-Forwarded-User", "ada")],
    ):
        assert refused(site.lab, headers) == 403
        for path in PATHS:
            status, _, text = Browser(site).get(path, headers)
            assert (status, ASKED in text) == (401, True), (headers, path)
    assert refused(site.lab, [("Cookie", f"_streamlit_user={signed[KEPT]}")]) == 0  # but for the signature all of it was right
    assert Browser(site).get("/_stcore/health")[0] == 200


def test_one_person_is_one_visitor_everywhere_and_two_are_two(site: Site) -> None:
    with visit(site.lab, of("ada", site)) as tab:
        tab.run("epochs=100000&num_hidden=10")
        tab.run(tab.link, "Start")
        hers = tab.link
        assert hers.startswith("experiment=")
    with visit(site.lab, of("ada", site)) as another_browser:
        assert WATCHING not in another_browser.run(hers)
        another_browser.run(hers, "Pause")
        assert another_browser.link == hers and "Resume" in another_browser.texts
    with visit(site.lab, [*of("ben", site), ("x-dfa-lab-login", "0123456789ab administrator")]) as tab:
        assert WATCHING in tab.run(hers)
        tab.run(hers, "Step")
        his = tab.link
        assert his.startswith("experiment=") and his != hers  # a copy
    store = Store(site.runs)
    owners = [store.get(link.removeprefix("experiment=")).owner for link in (hers, his)]  # type: ignore[union-attr]
    store.close()
    assert len({*owners, "", "nobody", "0123456789ab"}) == 5
    kept = b"".join(file.read_bytes() for file in site.runs.rglob("*") if file.is_file())
    assert owners[0].encode() in kept
    for said in ("ada@example.org", "Lovelace", "sub-of-ada", "sub-of-ben", "keeper@example.org"):
        assert said.encode() not in kept


def test_who_keeps_the_server_is_named_by_an_address_that_the_provider_has_checked(site: Site) -> None:
    for person, keeps in (("keeper", True), ("ben", False), ("ada", False)):
        with visit(site.lab, of(person, site)) as tab:
            assert ("Being trained" in tab.run(page="server")) is keeps, person


def test_who_came_by_the_administrators_link_is_an_ordinary_visitor_after_logging_out(site: Site) -> None:
    browser, ended = Browser(site), site.provider.ended
    assert ASKED in browser.get(f"/administrator?token={TOKEN}")[2]  # for nobody without a name
    assert browser.log_in("ada") == f"{site.lab}/server"
    for keeps in (True, False):
        with visit(site.lab, browser.cookies) as tab:
            assert ("Being trained" in tab.run(page="server")) is keeps
        assert ASKED in browser.get("/auth/logout")[2] and site.provider.ended > ended
        assert refused(site.lab, browser.cookies) == 403
        browser.log_in("ada")


def test_a_link_leads_through_the_login_to_what_it_was_for(site: Site) -> None:
    for wanted in ("/experiments", "/?epochs=7&num_hidden=9", "/compare?x=%2F%2Fexample.org"):
        browser = Browser(site)
        assert ASKED in browser.get(wanted)[2]
        assert browser.log_in("ada") == urljoin(site.lab, wanted)
        assert browser.get("/")[1] == urljoin(site.lab, "/")  # once


def test_in_chromium_one_logs_in_by_a_button_and_out_by_another(site: Site, page) -> None:
    page.context.clear_cookies()
    ended = site.provider.ended
    page.goto(f"{site.lab}/?num_hidden=77")
    page.get_by_role("link", name="Log in at 127.0.0.1").click()
    page.get_by_role("link", name="I am ada").click()
    page.get_by_role("textbox", name="Units per layer").wait_for()
    assert "num_hidden=77" in page.url
    page.goto(f"{site.lab}/experiments")
    page.get_by_role("textbox", name="Your name here").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in at 127.0.0.1").wait_for()
    assert site.provider.ended == ended + 1
    page.goto(f"{site.lab}/experiments")
    page.get_by_text(ASKED).wait_for()
    page.context.clear_cookies()
