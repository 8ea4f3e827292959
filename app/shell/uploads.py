"""Uploads: large files lie on the disk, each visitor may have so many, and what a session has left behind goes with it.

Streamlit keeps each uploaded file in memory, for minutes after its page was closed. Before it gets one, it is asked for here:
what is larger than SMALL goes into a file of the system's folder for such (TMPDIR), without a name, gone with the process.
Streamlit is given an empty one in its place, and `opened` gives the true one. What is refused arrives empty too, so that the
page can say why: of a refusal by status Streamlit's uploader would show the number alone.
"""

import asyncio
import re
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import IO, cast

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.server_util import is_xsrf_enabled
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token

from app.people import identity, login
from app.shell.server import manager
from dfa_lab.machine import memory
from dfa_lab.machine.disk_room import human
from dfa_lab.machine.watch import Watch
from dfa_lab.runs.limits import ASK, MEGABYTE

SMALL = 2**20  # bytes of a request that stays in memory
FRAME = 2**20  # bytes that a form may have beside its file
RESERVE = 100 * MEGABYTE  # bytes of the disk that are left to all else
GRACE = 30.0  # seconds that the files of a closed page are kept: it may only be loading again
EVERY = 5.0  # seconds between two looks at what was left behind
TOLD = 20  # refused files of one session of which is known why
HEAD = 2**14  # bytes of a request in which the name of its file is
NAME = re.compile(rb'filename="([^"\r\n]{1,255})"')
PATH = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
TOO_MANY = f"you have {{}} uploaded files here that are not used yet, as many as one visitor may: take one out, {ASK}"
TOO_LARGE = f"your uploaded files would take {{}} together, and one visitor's may take {{}}: take one out, {ASK}"
NO_ROOM = "it takes {}, and {} are free where this server keeps such files: try again later"
RESERVED = "it takes {}, and {} of the {} free where this server keeps such files are left to all else{}: try again later"
ON_THEIR_WAY = " and {} to files that are on their way"


class NotTaken(Exception):
    """An uploaded file that was refused; the text says why, as the end of a sentence."""


@dataclass
class Held:
    """One file of one session. `size` is what it takes at most while it arrives."""

    visitor: str  # id, or the session's for one without cookies; empty: whoever keeps the server
    size: int
    file: IO[bytes] | None = None  # None: Streamlit has it, or nobody
    refused: str = ""
    left: float | None = None  # time.monotonic() since when its session is closed


class Kept:
    """What is held, by (session, file). Every method may be called from any thread."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Held] = {}
        self._lock = threading.Lock()
        self._watch = Watch("uploads", lambda: EVERY, self._lock, lambda: self._held, self.sweep)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, session: str, file: str) -> Held | None:
        """What is known of a file."""
        return self._held.get((session, file))

    def admit(self, session: str, file: str, visitor: str, size: int) -> Held:
        """Count a file that is about to arrive; one that is refused says why, and takes nothing."""
        self.release(session, file)
        limits = manager().rules.limits
        with self._lock:
            theirs = [one for one in self._held.values() if visitor and one.visitor == visitor and not one.refused]
            together = sum(one.size for one in theirs) + size
            disk, arriving = shutil.disk_usage(tempfile.gettempdir()).free, self._arriving()
            free = manager().promises.left() if memory.holds(tempfile.gettempdir()) else disk
            why = ""
            if visitor and len(theirs) >= limits.uploads:
                why = TOO_MANY.format(limits.uploads)
            elif visitor and together > limits.upload_size * MEGABYTE:
                why = TOO_LARGE.format(human(together), human(limits.upload_size * MEGABYTE))
            elif size > SMALL and size > disk - RESERVE - arriving:
                others = ON_THEIR_WAY.format(human(arriving)) if arriving else ""
                why = RESERVED.format(human(size), human(RESERVE), human(disk), others)
            elif size > SMALL and size > free:
                why = NO_ROOM.format(human(size), human(free))
            held = self._held[session, file] = Held(visitor, 0 if why else size, refused=why)
            refused = [key for key, one in self._held.items() if key[0] == session and one.refused][:-TOLD]
        self._watch.begin()
        for key in refused:
            self.release(*key)
        return held

    def release(self, session: str, file: str) -> None:
        """Let go of a file."""
        with self._lock:
            held = self._held.pop((session, file), None)
        if held and held.file:
            held.file.close()
        if held and runtime.exists():
            _streamlits().remove_file(session, file)

    def sweep(self) -> None:
        """Let go of what closed pages have left behind, and of what Streamlit has let go of."""
        if not runtime.exists():
            return
        now = time.monotonic()
        with self._lock:
            several = list(self._held.items())
        for (session, file), held in several:
            if runtime.get_instance().is_active_session(session):
                held.left = None
                continue
            held.left = held.left or now
            if now - held.left >= GRACE:
                self.release(session, file)

    def _arriving(self) -> int:
        """Bytes of the disk that are promised and not taken yet."""
        return sum(one.size for one in self._held.values() if one.size > SMALL and one.file is None)


kept = Kept()


def opened(file: UploadedFile) -> IO[bytes]:
    """An uploaded file as it arrived, at its beginning. Raises NotTaken."""
    held = kept.get(_session(), file.file_id)
    if held and held.refused:
        raise NotTaken(held.refused)
    content = held.file if held and held.file else file
    content.seek(0)
    return content


def used(file: UploadedFile) -> None:
    """Let go of a file that is needed no more."""
    kept.release(_session(), file.file_id)


def _session() -> str:
    run = get_script_run_ctx(suppress_warning=True)
    return run.session_id if run else ""


def _streamlits() -> MemoryUploadedFileManager:
    return cast(MemoryUploadedFileManager, runtime.get_instance().uploaded_file_mgr)


class Uploads:
    """Middleware: what Streamlit's uploaders send passes here first."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = PATH.search(scope["path"]) if scope["type"] == "http" and scope["method"] in ("PUT", "DELETE") else None
        if found is None or not runtime.exists() or not _may(request := Request(scope, receive), session := found[1]):
            await self._app(scope, receive, send)  # and Streamlit says what is wrong with it
            return
        file = found[2]
        if scope["method"] == "DELETE":
            await self._app(scope, receive, send)
            await asyncio.to_thread(kept.release, session, file)
            return
        told = request.headers.get("content-length", "")
        most = config.get_option("server.maxUploadSize") * 2**20 + FRAME
        size = int(told) if told.isdecimal() and len(told) < 20 else most
        large = size > SMALL or not told
        if size > most:
            await self._app(scope, receive, send)  # 413, before anything is read
            return
        held = await asyncio.to_thread(kept.admit, session, file, _visitor(request, session), size)
        try:
            if held.refused:
                status = await _refused(request, session, file, most)
            elif large:
                status = await _large(request, session, file, held, most)
            else:
                status = await self._passed(scope, receive, send)
        except BaseException:
            kept.release(session, file)
            raise
        if status >= 400:
            kept.release(session, file)
        if held.refused or large:
            await Response(status_code=status)(scope, receive, send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> int:
        """The status with which Streamlit has answered."""
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)
        return status


def _may(request: Request, session: str) -> bool:
    """Whether the page of this session sends it, as far as Streamlit looks at that."""
    sent = request.headers.get("x-xsrftoken"), request.cookies.get("_streamlit_xsrf")
    return runtime.get_instance().is_active_session(session) and (not is_xsrf_enabled() or validate_xsrf_token(*sent))


def _visitor(request: Request, session: str) -> str:
    """Whose limits hold; empty: nobody's, as for whoever keeps the server."""
    if not identity.shared():
        return ""
    return identity.who(lambda name: request.cookies.get(name, ""), request.headers.get(login.OWN), session).id


async def _refused(request: Request, session: str, file: str, most: int) -> int:
    """Read a refused file to its end, without keeping it, and give Streamlit an empty one of its name; the status."""
    head, received = b"", 0
    async for chunk in request.stream():
        head += chunk[: HEAD - len(head)]
        received += len(chunk)
        if received > most:
            return 413
    name = found[1].decode(errors="replace") if (found := NAME.search(head)) else ""
    _streamlits().add_file(session, UploadedFileRec(file, name, "application/octet-stream", b""))
    return 204


async def _large(request: Request, session: str, file: str, held: Held, most: int) -> int:
    """Take a file to the disk, and give Streamlit an empty one of its name; the status."""
    chunks, received = request.stream(), 0

    async def limited() -> Message:
        nonlocal received
        chunk = await anext(chunks, b"")
        received += len(chunk)
        if received > most:  # more than it said of itself, or it said nothing
            raise HTTPException(413)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    try:
        form = await Request(request.scope, limited).form(max_files=1)
    except HTTPException as error:
        return error.status_code
    except ClientDisconnect:
        return 400
    uploads = [one for one in form.values() if isinstance(one, UploadFile)]
    if len(uploads) != 1:
        return 400
    held.file, held.size = cast(IO[bytes], uploads[0].file), uploads[0].size or 0
    kind = uploads[0].content_type or "application/octet-stream"
    _streamlits().add_file(session, UploadedFileRec(file, uploads[0].filename or "", kind, b""))
    return 204
