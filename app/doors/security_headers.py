"""What every answer tells the browser: what the lab's pages need, and that nothing else is allowed to them."""

import os
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.people import identity
from app.shell import sub_pages

VARIABLE = "DFA_LAB_FRAME_ANCESTORS"  # of the environment
SOURCE = re.compile(
    r"'self'|'none'|\*|https?:|(https?://)?(\*\.)?[A-Za-z0-9_.-]+(:(\d+|\*))?|https?://\[[0-9a-fA-F:.]+\](:\d+)?"
)
# Of scripts in the text of a page only the lab's own and Streamlit's run, which are known by their hash; styles are everywhere.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' blob:",  # Streamlit makes scripts of its components of what it was sent
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self'",
    "frame-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class AncestorsError(ValueError):
    """No list of pages that may show the lab; the text says what is one."""


def ancestors(text: str) -> str:
    """The pages that may show the lab in a frame, as the directive frame-ancestors wants them. Raises AncestorsError."""
    words = [f"'{word}'" if word in ("self", "none") else word for word in text.replace(",", " ").split()]
    if wrong := [word for word in words if not SOURCE.fullmatch(word)]:
        raise AncestorsError(
            f"--frame-ancestors has {wrong[0]!r}: name pages such as https://moodle.example.org, with spaces between them, "
            "or self, none or *."
        )
    return " ".join(words)


@cache
def own_scripts() -> str:
    """The hashes of the scripts in the text of a page."""
    texts = re.findall(r"<script>(.*?)</script>", sub_pages.html(), re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)


def policy(shared: bool) -> str:
    """The Content-Security-Policy. A lab of one's own may be shown anywhere unless it was told otherwise."""
    told = ancestors(os.environ.get(VARIABLE, "")) or ("'self'" if shared else "")
    directives = POLICY | {"script-src": f"{POLICY['script-src']} {own_scripts()}"}
    if told:
        directives["frame-ancestors"] = told
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


class SecurityHeaders:
    """Middleware: adds the headers to each answer that does not have them."""

    def __init__(self, app: ASGIApp):
        """Raises AncestorsError."""
        self._app = app
        self._headers = ALWAYS | {"content-security-policy": policy(identity.shared())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":  # elsewhere a browser does not heed it, and complains
                    headers.setdefault("cross-origin-opener-policy", "same-origin")
            await send(message)

        await self._app(scope, receive, with_headers)
