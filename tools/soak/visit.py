"""A visit of the lab without a browser, by the protocol that the page speaks with its server.

A page is opened, and its widgets are used by their labels or keys; what comes back are Streamlit's elements. Charts ask
the server for news past Streamlit (app/live/route.py), and so does `news`.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import parse_qs

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

XSRF = "_streamlit_xsrf"
PATIENCE = 60.0  # seconds for an answer
DONE = ForwardMsg.FINISHED_SUCCESSFULLY
BOUNDARY = "dfa-lab-soak"


class Failed(Exception):
    """The page did not do what it is there for; the text says what."""


class Lost(Exception):
    """The server is not there any more, or does not answer in time."""


class Person:
    """Somebody's browser: its cookies, and what it asks for past the page."""

    def __init__(self, host: str):
        """`host`: name and port. Raises Lost."""
        self.host, self._cookies = host, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self.get("/", Accept="text/html")
        self.get("/_stcore/health")  # with it comes the token that uploads need

    def cookie(self, name: str) -> str:
        """The value of a cookie; empty where there is none."""
        return next((cookie.value or "" for cookie in self._cookies if cookie.name == name), "")

    def cookies(self) -> str:
        """All of them, as a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._cookies)

    def get(self, path: str, **headers: str) -> bytes:
        """What is at a path of the server. Raises Failed for an error of the server's, Lost where it does not answer."""
        return self.send(urllib.request.Request(f"http://{self.host}{path}", headers=headers))

    def send(self, request: urllib.request.Request) -> bytes:
        """The answer to a request. Raises Failed and Lost."""
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise Failed(f"{request.get_method()} {request.full_url}: {error.code}") from error
        except (OSError, EOFError) as error:
            raise Lost(f"{request.full_url}: {error}") from error
        except Exception as error:  # http.client: an answer that was cut short by a kill
            raise Lost(f"{request.full_url}: {error!r}") from error

    def news(self, id: str, have: int = 0) -> dict:
        """What a chart of an experiment is told: `status`, and `records` from number `have` on. Raises Failed and Lost."""
        return json.loads(self.get(f"/live/{id}?map=&have={have}&list=0&chart=soak-{id}"))


class Visit:
    """One tab: `with Visit(person, "experiments") as page`. Raises Lost where the server is gone."""

    def __init__(self, person: Person, page: str = "", query: str = ""):
        """`page`: the last part of its address; `query`: of its link."""
        self.person, self.page, self.query = person, page, query
        self.elements: dict[tuple[int, ...], Any] = {}
        self.session = ""
        self._held: dict[str, WidgetState] = {}
        self._hash, self._requests = "", 0
        self._open = ExitStack()

    def __enter__(self) -> "Visit":
        protocols = [Subprotocol("streamlit"), Subprotocol(self.person.cookie(XSRF))]
        try:
            self._socket = self._open.enter_context(
                connect(
                    f"ws://{self.person.host}/_stcore/stream",
                    subprotocols=protocols,
                    max_size=None,
                    additional_headers={"Cookie": self.person.cookies()},
                    open_timeout=PATIENCE,
                    compression=None,
                )
            )
        except (OSError, WebSocketException) as error:
            raise Lost(f"the page's socket: {error}") from error
        try:
            self.run()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # what is on the page

    def all(self, kind: str) -> list[Any]:
        """Elements of a kind, such as "button", in the order of the page."""
        found = ((path, element) for path, element in sorted(self.elements.items()) if element.WhichOneof("type") == kind)
        return [getattr(element, kind) for _, element in found]

    def find(self, kind: str, name: str) -> Any:
        """The element with this key, or whose label begins so. Raises Failed."""
        several = self.all(kind)
        for one in several:
            if one.id.endswith(f"-{name}") or one.label.startswith(name):
                return one
        raise Failed(f"{self.page or 'lab'}?{self.query} has no {kind} {name!r}, but {[one.label for one in several]}")

    def has(self, kind: str, name: str) -> bool:
        """Whether `find` finds one."""
        return any(one.id.endswith(f"-{name}") or one.label.startswith(name) for one in self.all(kind))

    @property
    def experiment(self) -> str:
        """The experiment that the page's address names; empty where it names none."""
        return parse_qs(self.query).get("experiment", [""])[0]

    def said(self) -> list[str]:
        """The texts of errors and warnings on the page."""
        return [one.body for one in self.all("alert")]

    # what a visitor does

    def press(self, name: str) -> None:
        """Press a button by its key or the beginning of its label. Raises Failed and Lost."""
        button = self.find("button", name)
        if button.disabled:
            raise Failed(f"{name!r} cannot be pressed; the page says {self.said()}")
        self.run(WidgetState(id=button.id, trigger_value=True))

    def type(self, name: str, text: str) -> None:
        """Type into a line of text, and leave it."""
        state = WidgetState(id=self.find("text_input", name).id, string_value=text)
        self._held[state.id] = state
        self.run()

    def upload(self, name: str, file: str, content: bytes) -> None:
        """Give a file to an uploader."""
        uploader = self.find("file_uploader", name)
        asked = BackMsg()
        asked.file_urls_request.request_id = self._number()
        asked.file_urls_request.session_id = self.session
        asked.file_urls_request.file_names.append(file)
        (urls,) = self._ask(asked, "file_urls_response").file_urls
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file}"\r\n\r\n'.encode()
        headers = {"X-Xsrftoken": self.person.cookie(XSRF), "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        body = head + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        place = f"http://{self.person.host}{urls.upload_url}"
        self.person.send(urllib.request.Request(place, body, headers, method="PUT"))
        state = WidgetState(id=uploader.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = file, len(content), urls.file_id
        info.file_urls.CopyFrom(urls)
        self._held[state.id] = state
        self.run()

    def download(self, name: str) -> bytes:
        """What a button for downloads gives."""
        asked = BackMsg()
        request = asked.backend_operation_request
        request.request_id, request.session_id = self._number(), self.session
        request.deferred_file.file_id = self.find("download_button", name).deferred_file_id
        answer = self._ask(asked, "backend_operation_response")
        if answer.error_msg:
            raise Failed(f"{name!r} of {self.query}: {answer.error_msg}")
        return self.person.get(answer.deferred_file.url)

    # the protocol

    def run(self, *pressed: WidgetState) -> None:
        """Have the page drawn, until it is done. Raises Failed where the page shows an exception, and Lost."""
        asked = BackMsg()
        script = asked.rerun_script
        script.query_string, script.page_script_hash = self.query, self._hash
        if not self._hash:
            script.page_name = self.page
        script.widget_states.widgets.extend([*self._held.values(), *pressed])
        self._send(asked)
        for message in self._messages():
            if message.WhichOneof("type") == "script_finished" and message.script_finished == DONE:
                break
        if broken := self.all("exception"):
            raise Failed(f"{self.page or 'lab'}?{self.query} shows an exception: {broken[0].type} {broken[0].message}")

    def _ask(self, asked: BackMsg, kind: str) -> Any:
        self._send(asked)
        for message in self._messages():
            if message.WhichOneof("type") == kind:
                return getattr(message, kind)

    def _send(self, message: BackMsg) -> None:
        try:
            self._socket.send(message.SerializeToString())
        except (OSError, WebSocketException) as error:
            raise Lost(f"the page's socket: {error}") from error

    def _messages(self) -> Iterator[ForwardMsg]:
        """What the server says, taken to heart, for at most PATIENCE seconds."""
        over = time.monotonic() + PATIENCE
        while True:
            try:
                data = self._socket.recv(timeout=max(0.0, over - time.monotonic()))
            except (OSError, WebSocketException, TimeoutError) as error:
                raise Lost(f"{self.page or 'lab'}?{self.query}: no answer ({error!r})") from error
            message = ForwardMsg.FromString(data)  # type: ignore[arg-type]
            self._take(message)
            yield message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            if not message.metadata.run.fragment_ids:
                self.elements.clear()
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self.elements[tuple(message.metadata.delta_path)] = message.delta.new_element

    def _number(self) -> str:
        self._requests += 1
        return f"{self.session}-{self._requests}"
