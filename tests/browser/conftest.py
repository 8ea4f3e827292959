"""Chromium and Streamlit servers for the tests that look at pages."""

import os
import shutil
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.children import Child

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Page, ViewportSize

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "app" / "main.py"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120  # seconds for everything that a page or a server is waited for; the machine may be busy
SIZE: "ViewportSize" = {"width": 1280, "height": 720}  # of a tab, unless a test wants another
# Of what was chosen before this visit nothing is known, here and in the visit's other documents; but the guided first visit is
# over, which would lie over the page of every test, unless it is what a test is about.
FORGET = """if (sessionStorage.getItem('visit') !== 'VISIT') {
  localStorage.clear()
  sessionStorage.clear()
  if (!NEWCOMER) localStorage.setItem('dfa-lab-guide', 'seen')
  sessionStorage.setItem('visit', 'VISIT')
}"""
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is in this folder drives a browser, or shares the servers of those that do."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


class Tabs:
    """The tabs of one browser. A tab is left empty and taken again by a later visitor: with what it has made of the lab's
    scripts a page takes half the processor time that it takes in a new one."""

    def __init__(self, browser: "BrowserContext"):
        self._browser = browser
        self._windows = browser.new_cdp_session(browser.pages[0])
        self._left: list[Page] = []
        self._visits = count(1)
        self._remembering: dict[Page, ExitStack] = {}
        self._sessions: dict[Page, CDPSession] = {}
        self.errors: dict[Page, list[str]] = {}  # in the console of a tab's visitor, and what they asked for and did not get

    def take(self, newcomer: bool = False) -> "Page":
        """An empty tab of somebody who has chosen nothing yet; a `newcomer` has not been shown around either."""
        page = self._left.pop() if self._left else self._new()
        self.errors[page].clear()
        self.police(page, False)
        self._remembering[page] = stack = ExitStack()
        forget = FORGET.replace("VISIT", str(next(self._visits))).replace("NEWCOMER", str(newcomer).lower())
        stack.enter_context(page.add_init_script(forget))
        return page

    def police(self, page: "Page", policed: bool) -> None:
        """Keep what is opened next to the lab's Content-Security-Policy, or not: Playwright itself evaluates texts in pages."""
        self._sessions[page].send("Page.setBypassCSP", {"enabled": not policed})

    def _new(self) -> "Page":
        """In a window of its own: of a window's tabs Chromium draws only the one in front, the others once a second."""
        with self._browser.expect_page() as opened:
            self._windows.send("Target.createTarget", {"url": "about:blank", "newWindow": True})
        page, errors = opened.value, []
        self._sessions[page] = self._browser.new_cdp_session(page)
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda answer: errors.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        self.errors[page] = errors
        return page

    def leave(self, page: "Page") -> list[str]:
        """The visitor's `errors`. A tab that a test has closed is gone."""
        errors = [*self.errors[page]]
        stack = self._remembering.pop(page)
        if page.is_closed():
            return errors
        page.unroute_all()
        page.goto("about:blank")
        stack.close()
        page.set_viewport_size(SIZE)
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        self._left.append(page)
        return errors


@pytest.fixture(scope="session")
def tabs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tabs]:
    """A browser with a profile of its own: as it keeps what it has made of the lab's scripts, which no incognito window does, a
    page takes less than half the time from the third on."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "no Chromium on this machine: install one, for instance with apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        profile, options = tmp_path_factory.mktemp("profile"), ["--no-sandbox", *QUIET]
        started = playwright.chromium.launch_persistent_context(profile, executable_path=path, args=options, viewport=SIZE)
        yield Tabs(started)
        started.close()


@pytest.fixture
def page(tabs: Tabs) -> Iterator["Page"]:
    """An empty tab in which anything may go wrong."""
    taken = tabs.take()
    yield taken
    tabs.leave(taken)


def wait_until_drawn(page) -> None:
    """For 20 frames and a third of a second: a browser that has to wait for the processor draws fewer frames a second."""
    page.evaluate("""async () => {
      const over = performance.now() + 300
      for (let frame = 0; frame < 20 || performance.now() < over; frame++) await new Promise(requestAnimationFrame)
    }""")


def settled(page, figure: str, looks: int = 10):
    """What a function of the page gives, once it has given the same for so many looks in a row, a tenth of a second apart."""
    return page.evaluate(f"""async () => {{
      const look = {figure}
      let last = look()
      for (let same = 0; same < {looks}; ) {{
        await new Promise((done) => setTimeout(done, 100))
        const now = look()
        same = now === last ? same + 1 : 0
        last = now
      }}
      return last
    }}""")


@pytest.fixture
def open_page(tabs: Tabs) -> Iterator[Callable]:
    """`open_page(address, **options)`: a page for a new visitor. An error in its console fails the test, and so does
    whatever it asks for and does not get. `policed`: what the lab's Content-Security-Policy forbids is an error.
    `newcomer`: whom the guided first visit awaits."""
    pages = []

    def start(address: str, *, viewport=None, policed=False, newcomer=False, **media):
        page = tabs.take(newcomer)
        pages.append(page)
        if policed:
            tabs.police(page, True)
        if viewport:
            page.set_viewport_size(viewport)
        if media:
            page.emulate_media(**media)
        page.goto(address)
        return page

    yield start
    errors = [error for page in pages for error in tabs.leave(page)]
    assert errors == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """What starts `streamlit run` of a script and returns its address once it answers; they end with this."""
    started: list[Child] = []

    def start(script: Path, *arguments: str, base: str = "", environment: dict[str, str] | None = None) -> str:
        """`base`: path below which the pages are, with a slash before it."""
        port = free_port()
        log = tmp_path_factory.mktemp("streamlit") / "log.txt"
        command = [
            "-m",
            "streamlit",
            "run",
            str(script),
            "--server.port",
            str(port),
            "--server.headless",
            "true",
            "--server.baseUrlPath",
            base,
        ]
        with log.open("w") as output:
            server = Child(
                *command,
                *(["--", *arguments] if arguments else []),
                cwd=MAIN.parent,  # where a script of the tests' own finds the lab's Streamlit settings too
                env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
                stdout=output.fileno(),
                stderr=output.fileno(),
            )
        started.append(server)
        address = f"http://localhost:{port}{base}"
        deadline = time.monotonic() + PATIENCE
        while not healthy(address):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"streamlit did not start:\n{log.read_text()}")
            time.sleep(0.1)
        return address

    yield start
    for server in started:
        server.terminate()
    for server in started:
        server.wait(timeout=PATIENCE)
        server.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """`serve(script, *arguments)`: the address of a server of this file's own."""
    with servers(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a lab that several files visit: at one address the browser finds what it has kept."""
    with servers(tmp_path_factory) as start:
        yield start(MAIN, environment={"DFA_LAB_RUNS": str(tmp_path_factory.mktemp("runs"))})
