"""What a visitor is not shown when a page fails."""

import tomllib
from pathlib import Path

from streamlit import config
from streamlit.elements.exception import marshall
from streamlit.proto.Exception_pb2 import Exception as Shown

CONFIG = Path(__file__).parents[1] / "app" / ".streamlit" / "config.toml"


def test_no_path_and_no_traceback() -> None:
    before = config.get_option("client.showErrorDetails")
    config.set_option("client.showErrorDetails", tomllib.loads(CONFIG.read_text())["client"]["showErrorDetails"])
    try:
        shown = Shown()
        marshall(shown, OSError(24, "Too many open files", "/srv/runs/secret.sqlite"), apply_show_error_details=True)
    finally:
        config.set_option("client.showErrorDetails", before)
    assert "secret" not in str(shown) and not list(shown.stack_trace)
