"""Share on every page: a link to what is seen, one to the form's settings, and what phones can do with them."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from app.bar import share_links
from app.doors import hosts
from app.shell.pages import COMPARE, PAGES, Page
from app.shell.server import manager
from app.visit import reach
from dfa_lab.settings.parsing import parse
from tests.runs.patience import until_state

ROOT = Path(__file__).parents[2]
LAN = "192.168.1.20"


def opened(app: AppTest, page: Page) -> AppTest:
    """The page with its popover open."""
    if not page.default:
        app.switch_page(str(ROOT / "pages" / f"{page.name}.py"))
    app.session_state["share" if page.default else "share_page"] = True
    app.run()
    assert not app.exception
    return app


def links(app: AppTest) -> dict[str, str]:
    """The offered addresses by their names."""
    labels = [one.value.split("**")[1] for one in app.markdown if one.value.startswith(("**This", "**These"))]
    urls = [one.value for one in app.code if "<iframe" not in one.value and "python -m" not in one.value]
    assert len(labels) == len(urls)
    return dict(zip(labels, urls, strict=True))


def parameters(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_offers_what_is_seen_and_what_the_form_says(app: AppTest, page: Page):
    app.run()
    app.number_input(key="setting_num_layers").set_value(4).run()
    found = links(opened(app, page))
    assert "This run" in found or page.name == "lessons"
    assert parse(parameters(found["These settings"])).num_layers == 4
    here = next(iter(found.values()))
    assert "num_layers" not in here
    if not page.default and not page.administrators:
        assert f"/{page.name}" in here or here.startswith("?") or here == "", here


def test_a_run_is_shared_with_its_moment_and_apart_from_the_form(app: AppTest):
    app.run()
    id = manager().start(parse({"rules": "dfa", "epochs": 1, "num_layers": 1, "num_hidden": 8}))
    until_state(manager(), id, "finished")
    app.query_params.update({"experiment": id, "at": "7"})
    app = AppTest.from_file(str(ROOT / "app" / "navigation.py"), default_timeout=120)
    app.query_params.update({"experiment": id, "at": "7"})
    app.run()
    app.number_input(key="setting_epochs").set_value(100_000)  # it does not begin by itself
    app.number_input(key="setting_num_layers").set_value(3).run()
    found = links(opened(app, PAGES[0]))
    assert parameters(found["This run"]) == {"experiment": id, "at": "7"}
    assert any("at step 7." in one.value for one in app.markdown)
    assert "experiment" not in parameters(found["These settings"])
    assert parameters(found["These settings"])["num_layers"] == "3"


def test_a_comparison_is_shared_with_what_is_seen_though_nobody_has_chosen_it(app: AppTest):
    app.run()
    id = manager().start(parse({"rules": "dfa", "epochs": 1, "num_layers": 1, "num_hidden": 8}))
    app.switch_page(str(ROOT / "pages" / "compare.py")).run()
    assert "compare" not in app.query_params
    found = links(opened(app, COMPARE))
    assert parameters(found["This comparison"])["compare"] == f"{id},demonstration"


def test_a_form_with_a_problem_shares_the_run_alone(app: AppTest):
    app.run()
    app.text_input(key="setting_learning_rate").set_value("quick").run()
    found = links(opened(app, PAGES[0]))
    assert list(found) == ["This run"]
    assert any("mend it" in one.value for one in app.error)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch):
    """A computer of the local network, whose server listens everywhere, on a port at which something answers."""
    monkeypatch.setattr(reach, "_address", lambda: LAN)
    monkeypatch.setattr(reach, "_answers", lambda address, port: (address, port) == (LAN, 8600))
    before = {name: config.get_option(name) for name in ("server.address", "server.port")}
    config.set_option("server.address", "0.0.0.0")
    config.set_option("server.port", 8600)
    yield monkeypatch
    for name, value in before.items():
        config.set_option(name, value)


def test_phones_get_the_address_in_the_network_in_place_of_localhost(network):
    for here in ("localhost:8600", "127.0.0.1:8600", "[::1]:8600", "lab.localhost:8600"):
        url, said = reach.from_phones(f"http://{here}/base/path?experiment=a&at=3")
        assert (url, said) == (f"http://{LAN}:8600/base/path?experiment=a&at=3", reach.MOVED)
    for other in ("https://lab.example.org/?a=1", f"http://{LAN}:8600/", ""):
        assert reach.from_phones(other) == (other, "")


def test_a_lab_that_listens_to_its_computer_alone_says_how_phones_get_in(network):
    config.set_option("server.address", "localhost")
    assert reach.from_phones("http://localhost:8600/") == ("", reach.ALONE)


@pytest.mark.parametrize("why", ["another port", "no address", "another name"])
def test_no_address_is_shown_at_which_the_lab_does_not_answer(network, why: str):
    if why == "another port":
        config.set_option("server.port", 8700)
    elif why == "no address":
        network.setattr(reach, "_address", lambda: "")
    else:
        network.setattr(hosts, "names", lambda: ["lab.example.org"])
    assert reach.from_phones("http://localhost:8600/") == ("", reach.UNKNOWN)


def test_a_server_that_listens_is_found_and_one_that_does_not_is_not():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        assert not reach._answers("127.0.0.1", port)
        one.listen()
        assert reach._answers("127.0.0.1", port)


def test_where_phones_cannot_come_there_is_no_code_for_them(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(share_links.reach, "from_phones", lambda url: ("", reach.ALONE))
    app.run()
    opened(app, PAGES[0])
    assert [one.value for one in app.info].count(reach.ALONE) == 1
    assert not any("QR code of the link" in one.proto.body for one in app.get("html"))
