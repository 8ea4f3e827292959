"""Each "?" of the form leads to a heading that is there."""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from dfa_lab.settings import reference
from dfa_lab.settings.experiment import Experiment
from tests.pages.conftest import ROOT


def test_every_link_of_a_help_has_its_target() -> None:
    links = {name: urlsplit(reference.link(name)) for name in Experiment.model_fields}
    (path,) = {link.path for link in links.values()}
    (query,) = {link.query for link in links.values()}
    page = AppTest.from_file(str(ROOT / "pages" / f"{path}.py"), default_timeout=120)
    page.query_params.update({name: values[0] for name, values in parse_qs(query).items()})
    page.run()
    assert not page.exception
    anchors = [one.proto.anchor for one in page.subheader]
    assert [link.fragment for link in links.values()] == list(links) and sorted(anchors) == sorted(links)


def test_whoever_reads_of_the_rules_is_spared_the_settings() -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "rules.py"), default_timeout=120).run()
    assert not page.exception and not page.subheader


def test_the_form_shows_these_helps(app: AppTest) -> None:
    app.run()
    assert app.number_input(key="setting_batch_size").help == reference.short("batch_size")
    assert app.text_input(key="setting_learning_rate").help == reference.short("learning_rate")
