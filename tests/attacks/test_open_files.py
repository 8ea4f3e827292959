"""A server that runs out of open files says so once, in a sentence, and asks for many at its start."""

import asyncio
import errno

import pytest

from app.shell import open_files
from tests.attacks.outcome import sentence_fault

resource = pytest.importorskip("resource", reason="limits of open files are POSIX")


def test_one_sentence_for_all_who_cannot_be_let_in(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Was a traceback for each of them."""
    loop = asyncio.new_event_loop()
    try:
        open_files.say_when_there_are_no_more(loop)
        for _ in range(3):
            error = OSError(errno.EMFILE, "Too many open files")
            loop.call_exception_handler({"message": "socket.accept() out of system resource", "exception": error})
        said = capsys.readouterr().out
        assert said == open_files.NO_MORE + "\n" and sentence_fault(open_files.NO_MORE) == "" and not caplog.records
        loop.call_exception_handler({"message": "another", "exception": OSError(errno.EPIPE, "Broken pipe")})
        assert [record.message for record in caplog.records if "another" in record.message]
    finally:
        loop.close()


def test_as_many_as_the_system_grants() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
        open_files.allow_many()
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert allowed == (open_files.MANY if hard == resource.RLIM_INFINITY else min(hard, open_files.MANY))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
