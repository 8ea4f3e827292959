"""A lab behind a proxy that says in a header who somebody is: their visits, and those of whoever says so themselves."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dfa_lab.runs.store.store import Store
from tests.browser.conftest import MAIN, servers
from tests.page_socket import Headers, refused, visit

HEADER, WATCHING = "X-Forwarded-User", "you are watching"
ADA, BEN, KEEPER = "ada.lovelace@example.org", "Bën Nevis", "the keeper"
PATHS = ("/", "/experiments", "/live/none?have=0", "/plotly.js", "/_stcore/host-config", "/_stcore/upload_file/a/b")
ELSEWHERE = "127.0.0.2"  # another address of this computer, from which the proxy does not come


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Uvicorn believes the word of every proxy in it, on purpose."""
    names = {"DFA_LAB_LOGIN_HEADER": HEADER, "DFA_LAB_LOGIN_PROXY": "127.0.0.1, 10.0.0.0/8", "DFA_LAB_ADMINISTRATORS": KEEPER}
    environment = names | {"DFA_LAB_RUNS": str(runs(tmp_path_factory)), "FORWARDED_ALLOW_IPS": "*"}
    with servers(tmp_path_factory) as serve:
        yield serve(MAIN, environment=environment).replace("localhost", "127.0.0.1")


def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "runs-of-login"


def named(name: str) -> Headers:
    return [(HEADER, name.encode().decode("latin-1"))]


def asked(lab: str, path: str, headers: Headers = (), whence: str = "") -> tuple[int, str, str]:
    """The answer's status, headers and text."""
    source = (whence, 0) if whence else None
    with closing(http.client.HTTPConnection(urlsplit(lab).netloc, timeout=120, source_address=source)) as connection:
        connection.putrequest("GET", path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, str(answer.headers).lower(), answer.read().decode(errors="replace")


def test_one_person_is_one_visitor_everywhere_and_two_are_two(lab: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with visit(lab, named(ADA)) as tab:
        tab.run("epochs=100000&num_hidden=10")
        tab.run(tab.link, "Start")
        hers = tab.link
        assert hers.startswith("experiment=")
    with visit(lab, named(ADA)) as another_browser:
        assert WATCHING not in another_browser.run(hers)
        another_browser.run(hers, "Pause")
        assert another_browser.link == hers and "Resume" in another_browser.texts
    with visit(lab, [*named(BEN), ("x-dfa-lab-login", "0123456789ab administrator")]) as tab:
        assert WATCHING in tab.run(hers)
        tab.run(hers, "Step")
        his = tab.link
        assert his.startswith("experiment=") and his != hers  # a copy
    store = Store(runs(tmp_path_factory))
    owners = [store.get(link.removeprefix("experiment=")).owner for link in (hers, his)]  # type: ignore[union-attr]
    store.close()
    assert len({*owners, "", "nobody", "0123456789ab"}) == 5
    kept = b"".join(file.read_bytes() for file in runs(tmp_path_factory).rglob("*") if file.is_file())
    assert owners[0].encode() in kept
    for name in (ADA, BEN, KEEPER, "lovelace"):
        assert name.encode() not in kept


def test_who_keeps_the_server_is_named_at_its_start(lab: str) -> None:
    for name, keeps in ((KEEPER, True), (ADA, False)):
        with visit(lab, named(name)) as tab:
            assert ("Being trained" in tab.run(page="server")) is keeps
            assert ("That is for whoever keeps this server" in tab.texts) is not keeps


@pytest.mark.parametrize(
    "headers, whence, why",
    [
        ([], "", "has not said who you are"),
        (named(" "), "", "has not said who you are"),
        ([*named(ADA), *named(BEN)], "", "several people"),
        ([("x-dfa-lab-login", "0123456789ab administrator")], "", "has not said who you are"),
        (named(KEEPER), ELSEWHERE, "come past it"),
        ([*named(KEEPER), ("X-Forwarded-For", "127.0.0.1")], ELSEWHERE, "come past it"),
        ([("x-dfa-lab-login", "0123456789ab administrator")], ELSEWHERE, "come past it"),
    ],
)
def test_nobody_else_is_let_in(headers: Headers, whence: str, why: str, lab: str) -> None:
    assert refused(lab, headers, whence) == 403
    for path in PATHS:
        for kind in ("text/html", "*/*"):
            status, about, text = asked(lab, path, [*headers, ("Accept", kind)], whence)
            assert (status, why in text, "set-cookie" in about) == (403, True, False), path
    assert asked(lab, "/_stcore/health", whence=whence)[0] == 200  # for whoever watches over the server


def test_who_is_named_needs_no_cookie_and_is_named_from_behind_the_proxy(lab: str) -> None:
    for headers in (named(ADA), [*named(ADA), ("X-Forwarded-For", "192.0.2.7")]):
        status, about, text = asked(lab, "/", [*headers, ("Accept", "text/html")])
        assert status == 200 and '<div id="root">' in text and "dfa_lab_visitor" not in about
