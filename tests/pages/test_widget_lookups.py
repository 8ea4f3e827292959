"""What an input asks of a visitor's session is answered as Streamlit does, and without a copy of the session."""

import pytest
from streamlit.runtime.state import SafeSessionState, SessionState

from app.shell import widget_lookups


def test_one_entry_is_looked_up_and_the_whole_is_there_for_who_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = SessionState()
    inner["rate"], inner["note"] = 0.5, None
    session = SafeSessionState(inner, lambda: None)
    whole = inner.filtered_state
    widget_lookups.use()
    seen = session.filtered_state
    assert dict(seen) == whole == {"rate": 0.5, "note": None} and len(seen) == 2
    monkeypatch.setattr(SessionState, "filtered_state", property(lambda _: pytest.fail("all of it is copied")))
    assert "rate" in seen and seen["rate"] == 0.5 and "note" in seen and seen["note"] is None and "other" not in seen
