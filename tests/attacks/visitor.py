"""A visitor of a running lab, as the server sees one: the page's cookie, Streamlit's own protocol, the chart's questions."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.doors.page_errors import FAILED
from dfa_lab.machine import supervising
from tests import children
from tests.browser.conftest import free_port, healthy
from tests.runs.patience import until

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds for an answer
OURS = ("DFA_LAB_RUNS", "DFA_LAB_MODELS", "DFA_LAB_QUOTA", "DFA_LAB_SHARED", "DFA_LAB_ADMIN_TOKEN_FILE", "DISPLAY")


class Shown:
    """What one run of the page has sent: its elements in order, and how it ended."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.parts: list[bytes] = []
        self.ended = ""

    @property
    def text(self) -> str:
        """Everything that was sent, as far as it is text."""
        return b"\n".join(self.parts).decode("utf-8", "replace")

    @property
    def exceptions(self) -> list[str]:
        """The failures that the page shows, in Streamlit's words or the lab's."""
        said = [one.alert.body for one in self.elements if one.WhichOneof("type") == "alert" and one.alert.body == FAILED]
        return said + [str(one.exception) for one in self.elements if one.WhichOneof("type") == "exception"]

    def widgets(self) -> dict[str, tuple[str, Any]]:
        """Kind and element of each widget by its id."""
        found = {}
        for element in self.elements:
            kind = element.WhichOneof("type")
            one = getattr(element, kind) if kind else None
            if one is not None and getattr(one, "id", ""):
                found[one.id] = (kind, one)
        return found

    def button(self, label: str) -> str:
        """The id of the button with these words. Raises LookupError."""
        for id, (kind, element) in self.widgets().items():
            if kind == "button" and element.label == label:
                return id
        raise LookupError(f"no button {label}")

    def id(self, key: str) -> str:
        """The id of the widget with this key. Raises LookupError."""
        for id in self.widgets():
            if id.endswith(f"-{key}"):
                return id
        raise LookupError(f"no widget {key} among {sorted(self.widgets())}")


class Visitor:
    """One browser's tab. It stays connected until it is closed."""

    def __init__(self, host: str, cookie: str = ""):
        """`cookie`: as the browser sends it; empty for somebody who has never been here, and then takes the page's own."""
        self.host = host
        self.cookie = cookie or self._first_visit()
        self._tab = ExitStack()
        self._socket: ClientConnection | None = None
        self._page_hash, self._query, self._chart = "", "", os.urandom(4).hex()
        self.session = ""

    def _first_visit(self) -> str:
        request = urllib.request.Request(f"http://{self.host}/", headers={"Accept": "text/html"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.headers.get("set-cookie", "").partition(";")[0]

    def open(self, query: str = "", page: str = "") -> Shown:
        """Open the page at an address in a tab of its own, as a link does."""
        self.close()
        headers = {"Cookie": self.cookie} if self.cookie else {}
        self._socket = self._tab.enter_context(
            connect(
                f"ws://{self.host}/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")],
                max_size=None,
                additional_headers=headers,
            )
        )
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        self._query = query
        return self._run(message)

    def do(self, *states: WidgetState, query: str | None = None) -> Shown:
        """Run the page once more with these widgets changed or pressed."""
        message = BackMsg()
        message.rerun_script.query_string = self._query if query is None else query
        message.rerun_script.page_script_hash = self._page_hash
        message.rerun_script.widget_states.widgets.extend(states)
        return self._run(message)

    def press(self, id: str) -> Shown:
        """Press a button."""
        return self.do(WidgetState(id=id, trigger_value=True))

    def _run(self, message: BackMsg) -> Shown:
        assert self._socket is not None
        self._socket.send(message.SerializeToString())
        shown = Shown()
        while not shown.ended:
            data = self._socket.recv(timeout=PATIENCE)
            assert isinstance(data, bytes)
            self._take(ForwardMsg.FromString(data), shown, data)
        return shown

    def _take(self, message: ForwardMsg, shown: Shown, data: bytes) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._page_hash, self.session = message.new_session.page_script_hash, message.new_session.initialize.session_id
            case "delta":
                shown.parts.append(data)
                if message.delta.WhichOneof("type") == "new_element":
                    shown.elements.append(message.delta.new_element)
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "script_finished":
                status = message.script_finished
                if status != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    shown.ended = ForwardMsg.ScriptFinishedStatus.Name(status)

    @property
    def query(self) -> str:
        """What stands behind ? in the address bar."""
        return self._query

    def live(self, id: str) -> dict[str, Any]:
        """What a chart is told of an experiment, with all records."""
        return self.news(id, 0, 0)

    def news(self, id: str, have: int, number: int) -> dict[str, Any]:
        """What a chart is told that has so many records of the list of this number."""
        return json.loads(self.get(f"live/{quote(id, safe='')}?have={have}&list={number}&chart={self._chart}")[1])

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of an answer."""
        request = urllib.request.Request(f"http://{self.host}/{path}", headers={"Cookie": self.cookie})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    def close(self) -> None:
        """Close the tab."""
        self._tab.close()
        self._socket = None


class Lab:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *words: str, before: Sequence[str] = (), **environment: str):
        """`before`: words before its command.

        Its runs are in `folder`/runs, what it prints in `folder`/said. It answers when this returns."""
        self.host, self._said = f"localhost:{free_port()}", folder / "said"
        command = ["-m", "dfa_lab", "ui", "--no-browser", f"--port={self.host.partition(':')[2]}", *words]
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        # the process that is attacked is the server itself: nothing stands beside it that would start it again
        theirs = inherited | {"PYTHONPATH": str(ROOT), supervising.VARIABLE: "0"} | environment
        self.process: children.Child | subprocess.Popen[str]
        with self._said.open("a") as output:
            if before:
                pipes = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT, "text": True}
                self.process = subprocess.Popen([*before, sys.executable, *command], cwd=folder, env=theirs, **pipes)
            else:
                number = output.fileno()
                self.process = children.Child(*command, cwd=folder, env=theirs, stdout=number, stderr=number)
        try:
            until(lambda: healthy(f"http://{self.host}") or self.process.poll() is not None, "the lab answers")
            assert self.process.poll() is None, self.said()
        except BaseException:
            self.process.kill()
            self.process.wait()
            self.close()
            raise

    def said(self) -> str:
        """What it has printed."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Let go of a process that has ended."""
        if isinstance(self.process, children.Child):
            self.process.close()

    def end(self, number: int, seconds: float = 60) -> int:
        """Send a signal and wait; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def serving(folder: Path, *words: str, **environment: str) -> Iterator[Lab]:
    """A lab that is killed at the end, if it still runs."""
    lab = Lab(folder, *words, **environment)
    try:
        yield lab
    finally:
        lab.process.kill()
        lab.process.wait()
        lab.close()
