"""What may be said of a login, and who somebody is by it."""

from pathlib import Path

import pytest
from starlette.requests import Request
from typer.testing import CliRunner

from app import launch
from app.people import identity, login, login_key, login_proxy
from dfa_lab.cli.main import app as commands


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Says the options of the environment, in a folder of runs of the test's own."""
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path / "runs"))

    def say(header: str = "", proxy: str = "", administrators: str = "") -> None:
        for name, said in (
            (login_proxy.HEADER, header),
            (login_proxy.ADDRESSES, proxy),
            (login.ADMINISTRATORS, administrators),
        ):
            monkeypatch.setenv(name, said)

    return say


@pytest.mark.parametrize(
    "said, why",
    [
        (["--login-header", "X-User"], "--login-header is set and --login-proxy is not"),
        (["--login-proxy", "127.0.0.1"], "--login-proxy is set and --login-header is not"),
        (["--login-header", "X User", "--login-proxy", "127.0.0.1"], "no header can be called that"),
        (["--login-header", "Cookie", "--login-proxy", "127.0.0.1"], "no header can be called that"),
        (["--login-header", "X-DFA-Lab-Login", "--login-proxy", "127.0.0.1"], "no header can be called that"),
        (["--login-header", "X-User", "--login-proxy", "127.0.0.1, proxy"], "'proxy' is no address"),
        (["--login-header", "X-User", "--login-proxy", "10.1.0.0/8"], "'10.1.0.0/8' is no address"),
        (["--login-header", "X-User", "--login-proxy", "0.0.0.0/0"], "that is every address"),
        (["--login-header", "X-User", "--login-proxy", "::/0"], "that is every address"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_start(said: list[str], why: str, told, monkeypatch) -> None:
    told()
    monkeypatch.setattr(launch, "serve", lambda *_: pytest.fail("it was started"))
    done = CliRunner().invoke(commands, ["ui", "--no-browser", *said])
    assert done.exit_code == 2 and why in done.output


def test_nobody_keeps_a_server_by_a_name_that_nobody_says(told) -> None:
    told(administrators="ada")
    with pytest.raises(login_key.LoginError, match="nobody says who somebody is"):
        login.check()


def test_a_key_that_was_cut_short_is_not_replaced(told, tmp_path: Path) -> None:
    told("X-User", "127.0.0.1")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / login_key.FILE).write_bytes(b"short")
    with pytest.raises(login_key.LoginError, match="Restore it from a backup"):
        login.check()
    assert (tmp_path / "runs" / login_key.FILE).read_bytes() == b"short"


def test_the_proxy_is_known_by_its_address_however_that_is_written(told) -> None:
    told("X-Forwarded-User", "127.0.0.1, 172.18.0.0/16 2001:db8::7")
    known = login_proxy.proxy()
    assert known is not None and known.header == "x-forwarded-user"
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "172.18.3.4", "::ffff:172.18.3.4", "2001:db8:0::7"):
        assert known.sends(address), address
    for address in ("127.0.0.2", "::1", "::ffff:127.0.0.2", "172.19.0.1", "2001:db8::8", "", "localhost", "127.0.0.1, 1.2.3.4"):
        assert not known.sends(address), address


def test_an_id_stays_the_same_where_its_key_is_and_is_another_elsewhere(told, tmp_path: Path, monkeypatch) -> None:
    told("X-User", "127.0.0.1")
    ada = login_key.id_of("proxy", "ada")
    assert len(ada) == 12 and int(ada, 16) >= 0
    login_key.key.cache_clear()  # a restart
    assert login_key.id_of("proxy", "ada") == ada
    assert (
        len({ada, login_key.id_of("proxy", "Ada"), login_key.id_of("proxya", "da"), login_key.id_of("proxy", "ad", "a")}) == 4
    )
    assert (tmp_path / "runs" / login_key.FILE).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path / "others"))
    assert login_key.id_of("proxy", "ada") != ada


def test_administrators_are_named_whole(told) -> None:
    told("X-User", "127.0.0.1", "ada , ben@example.org,")
    assert login.keeps("ada") and login.keeps("nobody", "ben@example.org")
    for name in ("", " ", "ben", "ada , ben@example.org,", "Ada"):
        assert not login.keeps(name), name


def test_a_chart_is_asked_for_by_whom_the_gate_has_named(told) -> None:
    told("X-User", "127.0.0.1")
    assert identity.shared()
    cookie = (b"cookie", f"{identity.COOKIE}={'0' * 64}".encode())
    named = (login.OWN.encode(), b"0123456789ab administrator")
    scope = {"type": "http", "headers": [cookie, named], "client": ("192.0.2.7", 1)}
    assert identity.asker(Request(scope), lambda _: False) == "0123456789ab"
    told()
    assert identity.asker(Request(scope), lambda _: False) == ""  # a server of one's own


def test_who_starts_the_server_reads_how_visitors_are_known(told) -> None:
    told("X-User", "127.0.0.1,10.0.0.0/8")
    said = launch.about_sharing("http://lab")
    assert "whoever logs in can" in said and "the header x-user of the proxy at 127.0.0.1, 10.0.0.0/8 says" in said
    told()
    assert "whoever opens it can" in launch.about_sharing("http://lab")
