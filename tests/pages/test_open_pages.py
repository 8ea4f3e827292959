"""One visitor of a shared server has only so many pages open; others, and whoever keeps it, are none of that."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app.people import identity
from app.shell import open_pages
from dfa_lab.runs.limits import TOO_MANY_PAGES, Limits
from dfa_lab.runs.rights import Visitor


def test_the_page_that_is_one_too_many_says_so_until_another_is_closed(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.shell.server import manager

    open_now, who, session = {"a", "b", "c", "d", "e"}, [Visitor("ann")], [""]
    streamlit = SimpleNamespace(is_active_session=lambda one: one in open_now)
    monkeypatch.setenv("DFA_LAB_SHARED", "1")
    monkeypatch.setattr(open_pages, "_open", {})
    monkeypatch.setattr(open_pages, "runtime", SimpleNamespace(exists=lambda: True, get_instance=lambda: streamlit))
    monkeypatch.setattr(open_pages, "get_script_run_ctx", lambda **_: SimpleNamespace(session_id=session[0]))
    monkeypatch.setattr(identity, "visitor", lambda: who[0])
    manager().rules.limits = Limits(sessions=2)

    def refused(one: str) -> str:
        session[0] = one
        return open_pages.refused()

    assert refused("a") == refused("b") == "" and refused("c") == TOO_MANY_PAGES.format(2)
    session[0] = "c"
    app.run()
    assert [one.value for one in app.warning] == [TOO_MANY_PAGES.format(2)] and not app.button and not app.exception
    assert refused("a") == ""  # what was open before goes on
    who[0] = Visitor("bob")
    assert refused("d") == ""
    who[0] = Visitor("", administrator=True)
    assert [refused(one) for one in ("a", "b", "c", "d", "e")] == [""] * 5
    who[0] = Visitor("ann")
    open_now.remove("a")
    assert refused("c") == "" and refused("e") == TOO_MANY_PAGES.format(2)
    open_now.clear()
    who[0] = Visitor("bob")
    assert refused("f") == "" and set(open_pages._open) == {"bob"}  # nobody who has gone is remembered
    monkeypatch.setenv("DFA_LAB_SHARED", "")
    monkeypatch.setattr(identity, "shared", lambda: False)
    who[0] = Visitor("ann")
    open_now |= {"a", "b", "c"}
    assert [refused(one) for one in ("a", "b", "c")] == [""] * 3
