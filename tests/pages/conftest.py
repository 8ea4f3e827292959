"""What the tests of the pages share."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from app.live import pace, shared_records
from tests.pages.clock import Clock

ROOT = Path(__file__).parents[2]
config._main_script_path = str(ROOT / "app" / "main.py")  # as `streamlit run` does: the settings are beside it
config.get_config_options(force_reparse=True)
# A server looks once through all that is installed for components; an AppTest would do so whenever it runs.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """A fresh server's first visitor, who has not opened a page yet."""
    from app.shell.server import manager

    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path))
    monkeypatch.setenv("DFA_LAB_DATA", str(tmp_path / "no data"))
    monkeypatch.setattr("app.bar.changed_settings.QUIET", 0.0)
    manager.clear()
    st.cache_data.clear()
    yield AppTest.from_file(str(ROOT / "app" / "navigation.py"), default_timeout=120)
    manager().close()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the live chart's server goes by."""
    clock = Clock()
    for module in (pace, shared_records):
        monkeypatch.setattr(module, "time", clock)
    return clock
