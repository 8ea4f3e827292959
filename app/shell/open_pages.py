"""Open pages: how many windows and tabs of a shared lab one visitor has; each costs the server memory and work."""

import threading

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.people import identity
from app.shell.server import manager
from dfa_lab.runs.limits import TOO_MANY_PAGES

_open: dict[str, dict[str, None]] = {}  # the sessions of each visitor, the oldest first
_lock = threading.Lock()


def refused() -> str:
    """Empty, or why the page of the present script is one too many; when another was closed, it is none any more."""
    run, who = get_script_run_ctx(suppress_warning=True), identity.visitor()
    if run is None or not identity.shared() or not runtime.exists():
        return ""
    with _lock:
        if run.session_id not in _open.get(who.id, {}):
            _let_go()
        _open.setdefault(who.id, {})[run.session_id] = None
        alive = [one for one in _open[who.id] if one == run.session_id or _is_open(one)]
    most = manager().rules.limits.sessions
    return TOO_MANY_PAGES.format(most) if not who.administrator and alive.index(run.session_id) >= most else ""


def _is_open(session: str) -> bool:
    return runtime.get_instance().is_active_session(session)


def _let_go() -> None:
    """Forget the pages that are closed."""
    for visitor, sessions in list(_open.items()):
        for session in [one for one in sessions if not _is_open(one)]:
            del sessions[session]
        if not sessions:
            del _open[visitor]
