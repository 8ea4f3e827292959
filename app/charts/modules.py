"""The JavaScript modules and style sheets of the browser pictures, as browsers get them: `GET modules/{version}/{file}`.

The version changes with any of them, so that browsers may keep them for good and a module never meets one of another version.
A module imports others by relative paths, which are the same here and in the address.
"""

import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.charts.plotly_script import answer

APP = Path(__file__).parents[1]
PATH = "modules"
TYPES = {".js": "text/javascript", ".css": "text/css"}
IMPORTED = re.compile(r'^(?:import|export|\}) [^"\n]*"(\.[^"]+)"$', re.MULTILINE)


@cache
def files() -> dict[str, bytes]:
    """Path below app/ -> content. Read once: a server goes on with the files that it was started with."""
    return {path.relative_to(APP).as_posix(): path.read_bytes() for path in sorted(APP.rglob("*")) if path.suffix in TYPES}


@cache
def version() -> str:
    """Twelve letters that change with any file."""
    found = sha256()
    for name, content in files().items():
        found.update(f"{name} {len(content)} ".encode() + content)
    return found.hexdigest()[:12]


@cache
def packed(name: str) -> bytes:
    """A file as it travels, a gzip file."""
    return gzip.compress(files()[name], compresslevel=6, mtime=0)


def address(name: str) -> str:
    """The address of a file, below that of the lab. Raises KeyError if there is no file of this name."""
    files()[name]
    return f"{PATH}/{version()}/{name}"


@cache
def needed(module: str) -> tuple[str, ...]:
    """A module and all that it imports, itself or through others, in the order in which they are found."""
    found = [module]
    for name in found:
        imported = IMPORTED.findall(files()[name].decode())
        found += [path for path in (normpath(join(dirname(name), one)) for one in imported) if path not in found]
    return tuple(dict.fromkeys(found))


async def _answer(request: Request) -> Response:
    name = request.path_params["name"]
    if request.path_params["version"] != version() or name not in files():
        return Response("There is no such file in this version of DFA Lab.", 404, headers={"Cache-Control": "no-store"})
    return answer(request, packed(name), TYPES[Path(name).suffix])


def route(base: str) -> Route:
    """`base`: path below which the lab is, "" or with a slash before it."""
    return Route(f"{base}/{PATH}/{{version}}/{{name:path}}", _answer)
