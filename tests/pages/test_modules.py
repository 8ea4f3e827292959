"""The JavaScript of the browser pictures: every file has an address of its own, and browsers may keep it for good."""

import asyncio
import gzip
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from app.charts import modules, plotly_script

PICTURES = ("live/view.js", "compare/view.js", "path/view.js", "form/drawing/view.js", "guide/view.js")


def get(address: str, takes: bytes = b"gzip, deflate, br") -> Response:
    """What a browser gets from a lab below a path of its host."""
    headers = [(b"accept-encoding", takes)]
    question: dict = {"type": "http", "method": "GET", "path": f"/class/lab/{address}", "headers": headers}
    made = plotly_script.route if address.startswith(plotly_script.PATH) else modules.route
    route = made("/class/lab")
    match, found = route.matches(question)
    assert match is Match.FULL
    question.update(found)
    with ThreadPoolExecutor() as beside:  # Playwright keeps a loop running in this thread
        return beside.submit(asyncio.run, route.endpoint(Request(question))).result()


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_gets_its_modules_and_all_that_they_import(picture: str) -> None:
    for name in modules.needed(picture):
        answer = get(modules.address(name))
        assert answer.status_code == 200 and answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(bytes(answer.body)) == (modules.APP / name).read_bytes()
        assert answer.headers["content-type"].startswith("text/javascript") and "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("takes", [b"gzip;q=0", b"", b"identity", b"*;q=0"])
def test_who_takes_no_gzip_gets_the_same_unpacked(takes: bytes) -> None:
    for address in (modules.address("live/view.js"), plotly_script.PATH):
        packed, plain = get(address), get(address, takes)
        assert "content-encoding" not in plain.headers and gzip.decompress(bytes(packed.body)) == plain.body
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_what_is_needed_is_found_through_all_imports() -> None:
    assert {"charts/plot_view.js", "charts/mounted_view.js", "charts/dom.js", "live/records.js"} <= set(
        modules.needed("live/view.js")
    )
    assert "charts/plot_view.js" not in modules.needed("path/view.js")
    imports = [line for name in modules.files() for line in modules.files()[name].decode().splitlines() if ' from "' in line]
    assert len(imports) == sum(len(modules.IMPORTED.findall(modules.files()[name].decode())) for name in modules.files())


def test_every_module_belongs_to_a_picture() -> None:
    needed = {name for picture in PICTURES for name in modules.needed(picture)}
    alone = {name for name in modules.files() if name.endswith(".js")} - needed
    assert alone == {"charts/stub.js", "report/document.js"}  # sent with every view; inside the report


@pytest.mark.parametrize("name", ["live/none.js", "../main.py", "main.py", "live/../../README.md", ""])
def test_other_files_and_other_versions_are_not_served(name: str) -> None:
    for address in (f"modules/{modules.version()}/{name}", "modules/0123456789ab/live/view.js"):
        answer = get(address)
        assert answer.status_code == 404 and answer.headers["cache-control"] == "no-store"


def test_a_style_is_one_and_a_file_that_is_not_there_has_no_address() -> None:
    assert get(modules.address("path/path.css")).headers["content-type"].startswith("text/css")
    with pytest.raises(KeyError):
        modules.address("live/none.js")


def test_another_content_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = modules.version()
    changed = modules.files() | {"live/view.js": modules.files()["live/view.js"] + b" "}
    monkeypatch.setattr(modules, "files", lambda: changed)
    modules.version.cache_clear()
    assert modules.version() != before
    monkeypatch.undo()
    modules.version.cache_clear()
    assert modules.version() == before


def test_no_file_name_stands_for_two_things() -> None:
    names = Counter(name.rpartition("/")[2] for name in modules.files())
    assert {name for name, count in names.items() if count > 1} == {"view.js"}
