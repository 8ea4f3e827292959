"""Those who have left and stay away are forgotten, whether somebody comes after them or not."""

import asyncio
import inspect
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from app.shell import departed
from tests import loops


class Tab:
    """A closed one, which says when nothing holds it any more."""

    def __init__(self, id: str, gone: list[str]):
        self.session, self._gone = SimpleNamespace(id=id), gone

    def __del__(self) -> None:
        self._gone.append(self.session.id)


@pytest.fixture
def clock() -> list[float]:
    """What the server's clock shows, in seconds."""
    return [0.0]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> MemorySessionStorage:
    """The closed tabs of a running server, which are kept for an hour."""
    storage = MemorySessionStorage(ttl_seconds=3600)
    cast(Any, storage)._cache._timer = lambda: clock[0]
    visits = WebsocketSessionManager(storage, *[cast(Any, None)] * 3)
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=visits))
    return storage


def test_streamlit_still_calls_its_visits_so():
    assert "self._session_mgr = " in inspect.getsource(Runtime.__init__)


def test_who_stays_away_is_forgotten_and_who_has_just_left_is_not(closed: MemorySessionStorage, clock: list[float]):
    gone: list[str] = []
    closed.save(cast(Any, Tab("early", gone)))
    departed.forget()
    assert gone == []
    clock[0] = 3000.0
    closed.save(cast(Any, Tab("late", gone)))
    clock[0] = 4000.0
    departed.forget()
    assert gone == ["early"]


def test_it_goes_on_for_as_long_as_the_server(monkeypatch: pytest.MonkeyPatch):
    seen: list[int] = []

    async def some_rounds() -> None:
        task = asyncio.create_task(departed.let_go(0.0))
        while len(seen) < 3:
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    monkeypatch.setattr(departed, "forget", lambda: seen.append(1))
    loops.run(some_rounds())
    assert len(seen) >= 3
