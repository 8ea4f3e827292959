"""The administrator's link, `GET administrator?token=…`: it makes a browser the administrator's, and leads to the lab."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.people import administrator, identity, small_page

REFUSED = "This link has been used, or is of an earlier start of this server: take the one that it has printed last."
PERSONAL = "This server is yours alone: nothing on it needs an administrator."


def route(base: str) -> Route:
    """`base`: path below which the lab is, "" or with a slash before it."""
    back = {"To the lab": f"{base}/"}

    async def answer(request: Request) -> Response:
        if not identity.shared():
            return small_page.page(PERSONAL, 404, back)
        kept = administrator.enter(request.query_params.get("token", "")[:1000])
        if not kept:
            return small_page.page(REFUSED, 403, back)
        if not administrator.own_token():
            lab = str(request.url).partition(f"/{administrator.PATH}?")[0]
            print(f"  The administrator's link was used. The next one: {administrator.link(lab)}", flush=True)
        response = RedirectResponse(f"{base}/server", 303)
        response.headers.append("set-cookie", identity.cookie(administrator.COOKIE, kept, request.scope, base or "/"))
        response.headers["referrer-policy"] = "no-referrer"
        return response

    return Route(f"{base}/{administrator.PATH}", answer)
