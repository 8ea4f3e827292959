"""A visit to a real lab without a browser, by the page's own protocol: what is on the page as texts, and buttons to press."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 120  # seconds for an answer; the machine may be busy
Headers = Sequence[tuple[str, str]]


class Visit:
    """One tab. `texts`: what the last run has put on the page, as protobuf writes it; `link`: what is after the address."""

    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self._buttons: dict[str, str] = {}
        self.texts, self.link = "", ""

    def run(self, link: str = "", pressed: str = "", page: str = "") -> str:
        """Run the page of this name, else the Lab, at this link, with a button of it pressed; `texts`."""
        asked = BackMsg()
        asked.rerun_script.query_string, asked.rerun_script.page_name = link, page
        if pressed:
            widget = asked.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = self._buttons[pressed], True
        self._socket.send(asked.SerializeToString())
        self.texts, self.link = "", link
        while not self._ended(ForwardMsg.FromString(self._received())):
            pass
        return self.texts

    def _received(self) -> bytes:
        data = self._socket.recv(timeout=PATIENCE)
        assert isinstance(data, bytes)
        return data

    def _ended(self, message: ForwardMsg) -> bool:
        kind = message.WhichOneof("type")
        if kind == "page_info_changed":
            self.link = message.page_info_changed.query_string
        elif kind == "delta":
            self.texts += str(message.delta)
            element = message.delta.new_element
            if element.WhichOneof("type") == "button":
                self._buttons[element.button.label] = element.button.id
        return kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY


@contextmanager
def visit(lab: str, headers: Headers = (), whence: str = "") -> Iterator[Visit]:
    """A tab at the lab at this address, with these headers sent, from this address of this computer.

    Raises InvalidStatus where it is not let in.
    """
    parts = urlsplit(lab)
    options = {"additional_headers": headers, "source_address": (whence, 0) if whence else None}
    address, protocols = f"ws://{parts.netloc}{parts.path}/_stcore/stream", [Subprotocol("streamlit")]
    with connect(address, subprotocols=protocols, max_size=None, proxy=None, **options) as socket:
        yield Visit(socket)


def refused(lab: str, headers: Headers = (), whence: str = "") -> int:
    """The status with which a tab is not let in; 0 where it is."""
    try:
        with visit(lab, headers, whence):
            return 0
    except InvalidStatus as error:
        return error.response.status_code
