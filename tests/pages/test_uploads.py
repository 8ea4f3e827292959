"""Uploads: large ones take no memory, each visitor has so many, a refusal says why, and closed pages leave none."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from app.people import administrator, identity, login
from app.shell import uploads
from app.shell.uploads import SMALL, NotTaken, Uploads
from dfa_lab.runs.limits import Limits

ANN, BOB, KEEPER = ({"dfa_lab_visitor": letter * 64} for letter in "abc")
LARGE = bytes(range(256)) * 8192  # 2 MiB


def _done(work: Coroutine[None, None, int]) -> int:
    """What it gives; in a thread without a loop, as a browser's may be running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


class Server:
    """What stands in for Streamlit: pages that are open, files that it keeps in memory."""

    def __init__(self) -> None:
        self.open = {"here", "there"}
        self.uploaded_file_mgr = MemoryUploadedFileManager("/_stcore/upload_file")
        self.passed: list[str] = []
        self.named = ""  # who asks, where there is a login
        self.app = Uploads(self._streamlit)

    def is_active_session(self, session: str) -> bool:
        return session in self.open

    async def _streamlit(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, session, file = scope["path"].rsplit("/", 2)
        self.passed.append(f"{scope['method']} {file}")
        while scope["method"] == "PUT" and (await receive()).get("more_body"):
            pass
        status = 204 if session in self.open else 400
        if status == 204 and scope["method"] == "PUT":
            self.uploaded_file_mgr.add_file(session, UploadedFileRec(file, "small.csv", "text/csv", b"1,2,a"))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def put(self, file: str, content: bytes, cookies: dict[str, str] = ANN, **options: object) -> int:
        """The status of a file's arrival."""
        return _done(self._sent("PUT", file, content, cookies, **options))  # type: ignore[arg-type]

    async def _sent(
        self,
        method: str,
        file: str,
        content: bytes,
        cookies: dict[str, str],
        *,
        session: str = "here",
        told: bool = True,
        form: bool = True,
        whole: bool = True,
    ) -> int:
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="my.zip"\r\nContent-Type: application/zip\r\n\r\n'
        body = head + content + b"\r\n--x--\r\n" if form else content
        parts = [body[start : start + 2**18] for start in range(0, len(body), 2**18)] or [b""]
        headers = [(b"cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()).encode())]
        headers += [(login.OWN.encode(), self.named.encode())] if self.named else []
        headers += [(b"content-type", b"multipart/form-data; boundary=x")]
        headers += [(b"content-length", str(len(body)).encode())] if told else []
        path = f"/_stcore/upload_file/{session}/{file}"
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "app": Starlette()}
        statuses: list[int] = []

        async def receive() -> Message:
            if not whole and len(parts) < 3:
                return {"type": "http.disconnect"}
            part = parts.pop(0) if parts else b""
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self.app(scope, receive, send)
        assert method == "DELETE" or not whole or not parts or statuses[0] >= 400
        return statuses[0]

    def delete(self, file: str) -> int:
        return _done(self._sent("DELETE", file, b"", ANN))

    def widget(self, file: str, session: str = "here") -> UploadedFile:
        """What a page's uploader holds."""
        (record,) = self.uploaded_file_mgr.get_files(session, [file])
        return UploadedFile(record, FileURLs())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    limits = Limits(uploads=3, upload_size=5)
    monkeypatch.setenv("DFA_LAB_SHARED", "1")
    monkeypatch.setattr(uploads, "runtime", SimpleNamespace(exists=lambda: True, get_instance=lambda: server))
    lab = SimpleNamespace(rules=SimpleNamespace(limits=limits), promises=SimpleNamespace(left=lambda: 2_000_000))
    monkeypatch.setattr(uploads, "manager", lambda: lab)
    monkeypatch.setattr(uploads.memory, "holds", lambda folder: False)
    monkeypatch.setattr(uploads, "kept", uploads.Kept())
    monkeypatch.setattr(uploads, "is_xsrf_enabled", lambda: False)
    monkeypatch.setattr(uploads, "_session", lambda: "here")
    monkeypatch.setattr(administrator, "known", lambda cookie: cookie == "keeper")
    yield server
    for session, file in list(uploads.kept._held):
        uploads.kept.release(session, file)


def test_a_large_file_is_not_in_memory_and_a_small_one_is_streamlits(server: Server) -> None:
    assert server.put("one", LARGE) == 204 and server.passed == []
    (record,) = server.uploaded_file_mgr.get_files("here", ["one"])
    assert (record.data, record.name, record.type) == (b"", "my.zip", "application/zip")
    file = uploads.opened(server.widget("one"))
    assert file.read() == LARGE and uploads.opened(server.widget("one")).read(3) == LARGE[:3]
    assert server.put("two", b"1,2,a") == 204 and server.passed == ["PUT two"]
    assert uploads.opened(server.widget("two")).read() == b"1,2,a"
    uploads.used(server.widget("one"))
    assert file.closed and server.uploaded_file_mgr.get_files("here", ["one"]) == []
    assert server.delete("two") == 204 and len(uploads.kept) == 0


def test_each_visitor_has_so_many_and_what_is_refused_says_why(server: Server) -> None:
    assert [server.put(f"{n}", LARGE) for n in range(3)] == [204] * 3
    with pytest.raises(NotTaken, match=r"your uploaded files would take 6\.3 MB together, and one visitor's may take 5\.0 MB"):
        uploads.opened(server.widget("2"))
    assert server.widget("2").name == "my.zip"  # the uploader asks for its ending
    assert server.put("3", b"small") == 204 and server.put("4", b"small") == 204
    with pytest.raises(NotTaken, match="you have 3 uploaded files here that are not used yet, as many as one visitor may"):
        uploads.opened(server.widget("4"))
    assert server.put("5", LARGE, BOB) == 204 and uploads.opened(server.widget("5")).read(1)  # is not his matter
    assert [server.put(f"k{n}", LARGE, ANN | {administrator.COOKIE: "keeper"}) for n in range(4)] == [204] * 4
    assert uploads.opened(server.widget("k3")).read(1)
    server.delete("3")
    assert server.put("4", b"small") == 204 and uploads.opened(server.widget("4")).read() == b"1,2,a"
    for n in range(30):  # of what is refused no more is remembered than somebody would read
        server.put(f"again{n}", LARGE)
    assert server.uploaded_file_mgr.get_files("here", ["again0", "again29"]) == [
        UploadedFileRec("again29", "my.zip", "application/octet-stream", b"")
    ]


def test_where_there_is_a_login_those_are_visitors_whom_it_names(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "on", lambda: True)
    for name, file in (("ann", "a"), ("bob", "b"), (login.told("cleo", administrator=True), "c")):
        server.named = name
        for n in range(3):
            server.put(f"{file}{n}", LARGE, {})
    assert [bool(uploads.kept.get("here", f"{file}2").refused) for file in "abc"] == [True, True, False]  # type: ignore[union-attr]
    assert [uploads.kept.get("here", f"{file}0").visitor for file in "abc"] == ["ann", "bob", ""]  # type: ignore[union-attr]


def test_a_disk_without_room_is_told_with_its_figures(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda folder: SimpleNamespace(free=uploads.RESERVE + 1_000_000))
    assert server.put("one", LARGE) == 204
    figures = r"it takes 2\.1 MB, and 100\.0 MB of the 101\.0 MB free where this server keeps such files are left to all else"
    with pytest.raises(NotTaken, match=f"{figures}: try again later"):
        uploads.opened(server.widget("one"))
    uploads.kept._held["here", "other"] = uploads.Held("ann", 2_000_000)  # promised, and not here yet
    assert server.put("one", LARGE) == 204
    with pytest.raises(NotTaken, match=r"left to all else and 2\.0 MB to files that are on their way: try again later"):
        uploads.opened(server.widget("one"))
    assert server.put("two", b"small") == 204 and uploads.opened(server.widget("two")).read() == b"1,2,a"
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**12))
    monkeypatch.setattr(uploads.memory, "holds", lambda folder: True)  # then a file takes of the memory that can be promised
    server.put("three", LARGE)
    with pytest.raises(NotTaken, match=r"it takes 2\.1 MB, and 2\.0 MB are free where"):
        uploads.opened(server.widget("three"))


def test_what_is_no_upload_of_an_open_page_is_left_to_streamlit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.put("one", LARGE, session="gone") == 400 and server.passed == ["PUT one"]
    monkeypatch.setattr(uploads, "is_xsrf_enabled", lambda: True)
    assert server.put("two", LARGE) == 204 and server.passed[-1] == "PUT two"
    assert len(uploads.kept) == 0


def test_what_does_not_arrive_whole_or_is_too_much_leaves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.put("half", LARGE, whole=False) == 400
    assert server.put("no form", LARGE, form=False) == 400
    monkeypatch.setattr(uploads, "FRAME", SMALL - 200 * 2**20)  # as if at most 1 MiB were taken of each
    assert server.put("endless", LARGE, told=False) == 413 and server.passed == []
    assert server.put("large", LARGE) == 204 and server.passed == ["PUT large"]  # which Streamlit refuses
    assert len(uploads.kept) == 0


def test_one_that_is_refused_is_not_read_without_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "FRAME", 3 * SMALL - 200 * 2**20)  # as if at most 3 MiB were taken of each
    server.put("one", LARGE)
    assert server.put("endless", LARGE, told=False) == 204  # it may be as large as the largest, and that is refused
    with pytest.raises(NotTaken, match=r"would take 5\.2 MB together"):
        uploads.opened(server.widget("endless"))
    assert server.put("more", 2 * LARGE, told=False) == 413 and len(uploads.kept) == 2


def test_closed_pages_leave_none_behind(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put("one", LARGE)
    server.put("two", b"small")
    server.put("other", LARGE, BOB, session="there")
    file = uploads.opened(server.widget("one"))
    server.open.remove("here")
    uploads.kept.sweep()
    assert not file.closed  # the page may be loading again
    server.open.add("here")
    uploads.kept.sweep()
    server.open.remove("here")
    monkeypatch.setattr(uploads, "GRACE", 0.0)
    uploads.kept.sweep()
    assert file.closed and server.uploaded_file_mgr.get_files("here", ["one", "two"]) == []
    assert len(uploads.kept) == 1 and server.widget("other", "there").name == "my.zip"


def test_on_a_server_of_ones_own_nothing_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DFA_LAB_SHARED", "")
    monkeypatch.setattr(identity, "shared", lambda: False)
    for n in range(5):
        assert server.put(f"{n}", LARGE) == 204
        assert uploads.opened(server.widget(f"{n}")).read() == LARGE


@pytest.mark.parametrize(
    ("folder", "held"), [("/tmp", True), ("/tmp/deep", True), ("/tmpfiles", False), ("/var/tmp", False), ("/", False)]
)
def test_folders_that_are_kept_in_memory_are_known(folder: str, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /var ext4 rw 0 0\n"
    monkeypatch.setattr(uploads.memory.Path, "read_text", lambda path: mounts)
    assert uploads.memory.holds(folder) is held
