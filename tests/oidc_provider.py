"""A small provider of OpenID Connect, as an institution has one: who opens its page says who they are, and no password.

Discovery, authorization code with PKCE, signed ID tokens, and the end of a session.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "lab", "the lab's own secret"
LOG_IN, TOKEN, KEYS, END = "/authorize", "/token", "/keys", "/end"


class Provider:
    """`people`: what the tokens say of each, by the name that is chosen on its page; `ended`: how many sessions were."""

    def __init__(self, address: str, people: Mapping[str, Mapping[str, object]]):
        self.address, self.people = address, people
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.codes: dict[str, dict[str, str]] = {}
        self.ended = 0

    @property
    def metadata(self) -> str:
        """Where it says what it can do."""
        return f"{self.address}/.well-known/openid-configuration"

    def about(self) -> dict[str, object]:
        """What it says there."""
        return {
            "issuer": self.address,
            "authorization_endpoint": self.address + LOG_IN,
            "token_endpoint": self.address + TOKEN,
            "jwks_uri": self.address + KEYS,
            "end_session_endpoint": self.address + END,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def log_in(self, asked: dict[str, str]) -> str:
        """The page's HTML, or where to go from it once a person is chosen."""
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        if "person" not in asked:
            return "".join(f'<p><a href="?{urlencode(asked | {"person": name})}">I am {name}</a></p>' for name in self.people)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str], authorization: str) -> dict[str, object]:
        """For a code, once, to the client that it was given to."""
        assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        given = self.codes.pop(asked["code"])
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == given["code_challenge"]
        assert asked["redirect_uri"] == given["redirect_uri"]
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": given["nonce"]}
        token = jwt.encode({"alg": "ES256", "kid": "one"}, claims | dict(self.people[given["person"]]), self.key)
        return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 600, "id_token": token}


@contextmanager
def provider(people: Mapping[str, Mapping[str, object]]) -> Iterator[Provider]:
    """It answers until this ends."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = dict(parse_qsl(parts.query))
            if parts.path == LOG_IN:
                self._say(known.log_in(asked))
            elif parts.path == END:
                known.ended += 1
                self._say(asked["post_logout_redirect_uri"])
            else:
                keys = {"keys": [known.key.as_dict(private=False)]}
                self._say(json.dumps(keys if parts.path == KEYS else known.about()))

        def do_POST(self) -> None:
            asked = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._say(json.dumps(known.token(asked, self.headers["Authorization"])))

        def _say(self, text: str) -> None:
            """A way to go, JSON or HTML."""
            self.send_response(302 if text.startswith("http") else 200)
            if text.startswith("http"):
                self.send_header("Location", text)
            self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        known = Provider(f"http://127.0.0.1:{server.server_port}", people)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield known
        server.shutdown()
