"""By which names the lab answers, to whose pages, and what it tells browsers with each answer (real sockets, one server)."""

import pytest
from typer.testing import CliRunner

from app.doors import hosts, security_headers
from dfa_lab.cli.main import app as command_line
from tests.doors.conftest import UPGRADE, Lab

CHARTS, STREAM = "GET /live/none?have=0", "GET /_stcore/stream"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True),
        ("[::1]:8501", True),
        ("localhost:8501", True),
        ("lab.example.org", True),
        ("LAB.example.org.:443", True),
        ("a.labs.example.org", True),
        ("labs.example.org", False),
        ("evil.example", False),
        ("lab.example.org.evil.example", False),
        ("evil.example#@lab.example.org", False),
        ("192.0.2.1", False),
        ("lab.example.org:x", False),
        ("", False),
    ],
)
def test_names_that_are_not_the_servers_are_refused(lab: Lab, host: str, known: bool) -> None:
    for request in ("GET /", CHARTS, "GET /_stcore/health", "GET /administrator?token=x"):
        status, _, text = lab.answer(request, Host=host)
        if known:
            assert status == (403 if "token" in request else 200) and "does not answer" not in text
        else:
            assert status == 403 and ("--host" in text or "Host" in text)
    assert lab.answer(STREAM, Host=host, **UPGRADE)[0] == 403 if not known else True


def test_a_name_is_said_as_a_name_alone(lab: Lab) -> None:
    assert "<" not in lab.answer("GET /", Host="<script>alert(1)</script>")[2]


def test_pages_of_others_get_neither_charts_nor_the_page(lab: Lab) -> None:
    own = f"http://127.0.0.1:{lab.port}"
    for origin in ("http://evil.example", "null", f"http://evil.example:{lab.port}", "http://127.0.0.1.evil.example"):
        assert lab.answer(STREAM, Origin=origin, **UPGRADE)[0] == 403
        status, _, text = lab.answer(CHARTS, Origin=origin)
        assert status == 403 and "another site" in text
    assert lab.answer(CHARTS, Sec_Fetch_Site="cross-site")[0] == 403
    assert lab.answer(CHARTS, Origin=own, Sec_Fetch_Site="same-origin")[0] == 200
    assert lab.answer("GET /", Sec_Fetch_Site="cross-site")[0] == 200  # whoever follows a link


@pytest.mark.parametrize(
    "request_", ["GET /", "GET /compare", "GET /plotly.js", CHARTS, "GET /_stcore/health", "GET /nowhere/x"]
)
def test_every_answer_tells_the_browser_what_is_allowed(lab: Lab, request_: str) -> None:
    headers = lab.answer(request_)[1]
    assert headers.items() >= security_headers.ALWAYS.items()
    directives = dict(one.split(" ", 1) for one in headers["content-security-policy"].split("; "))
    assert directives["frame-ancestors"] == "'self'" and directives["object-src"] == "'none'"
    assert "unsafe" not in directives["script-src"] and "*" not in headers["content-security-policy"]
    assert "cross-origin-opener-policy" not in headers
    assert lab.answer(request_, X_Forwarded_Proto="https")[1]["cross-origin-opener-policy"] == "same-origin"


def test_what_an_answer_says_itself_stays(lab: Lab) -> None:
    assert lab.answer("GET /", Host="evil.example")[1]["x-content-type-options"] == "nosniff"  # refusals too


@pytest.mark.parametrize(
    ("host", "shared", "mine"), [("evil.example", True, False), ("192.0.2.1", True, True), ("localhost", True, True)]
)
def test_without_names_a_shared_lab_answers_to_all_and_ones_own_to_addresses(host: str, shared: bool, mine: bool) -> None:
    assert hosts.answers_to(host, True, []) == shared
    assert hosts.answers_to(host, False, []) == mine
    assert not hosts.answers_to(None, True, [])


def test_names_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hosts.VARIABLE, "https://Lab.example.org/, :80 *.b.example:8443")
    assert hosts.names() == ["lab.example.org", "*.b.example"]


def test_which_pages_may_show_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(security_headers.VARIABLE, raising=False)
    assert "frame-ancestors 'self'" in security_headers.policy(True)
    assert "frame-ancestors" not in security_headers.policy(False)
    monkeypatch.setenv(security_headers.VARIABLE, "self https://moodle.example.org, https://*.example.com:8443")
    told = "frame-ancestors 'self' https://moodle.example.org https://*.example.com:8443"
    assert security_headers.policy(True).endswith(told) and security_headers.policy(False).endswith(told)


@pytest.mark.parametrize("words", [["--frame-ancestors", "x; script-src *"], ["--host", "a/b"], ["--host", ""]])
def test_what_is_no_name_and_no_page_is_refused_at_the_start(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (security_headers.VARIABLE, hosts.VARIABLE):
        monkeypatch.setenv(variable, "")  # given back afterwards, whatever the command sets
    done = CliRunner().invoke(command_line, ["ui", *words])
    assert done.exit_code == 2 and words[0] in done.output
