"""Streamlit's inputs look up one entry of a visitor's session: here without a copy of all of it.

Each number, text and choice on a page asks for the whole session as a dict (Streamlit 1.67), to see whether its own key is
there. On the Lab, with some forty of them and 150 entries, that was a quarter of the time that a run of the page takes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from streamlit.runtime.state import SafeSessionState


class _Lookups(Mapping[str, Any]):
    """What the dict would say of a key; the dict itself is made for whoever goes through all of it."""

    def __init__(self, session: SafeSessionState):
        self._session = session

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._session

    def __getitem__(self, key: str) -> Any:
        return self._session[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def _whole(self) -> dict[str, Any]:
        with self._session._lock:
            return self._session._state.filtered_state


def use() -> None:
    """From now on, in every session of this server."""
    SafeSessionState.filtered_state = property(_Lookups)  # type: ignore[assignment]
