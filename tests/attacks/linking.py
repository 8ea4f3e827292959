"""Hostile links to one running lab: each gives a page without a failure, and nothing in it names a place of the server."""

import random
import re
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from app.shell.pages import PAGES
from app.visit.hidden_controls import GROUPS, VIEW
from dfa_lab.settings.wording import SPELLINGS
from tests.attacks.hostile_values import NUMBERS, text
from tests.attacks.outcome import Outcome
from tests.attacks.visitor import ROOT, Lab, Visitor, serving
from tests.runs.patience import until

LONGEST = 20.0  # seconds for a page
PATHS = ("live/", "administrator?token=", "learnt/", "_stcore/", "media/", "component/", "app/static/", "~/+/", "vendor/", "")
ACTIVE = ("<script>alert(1)", "<img src=x onerror", "(javascript:alert", "![x](http")  # as a browser would act on it


def attack(count: int, seed: int) -> Outcome:
    """Open so many."""
    outcome = Outcome("links", count)
    with tempfile.TemporaryDirectory(prefix="lab-of-a-server-") as name, serving(Path(name), "--shared") as lab:
        follow(lab, range(count), seed, Path(name), outcome)
    return outcome


def follow(lab: Lab, numbers: range, seed: int, folder: Path, outcome: Outcome) -> None:
    """Open these at a lab whose runs are below `folder`."""
    with closing(Visitor(lab.host)) as visitor:
        shown = visitor.open("epochs=2&rules=dfa&num_hidden=3&num_layers=1")
        visitor.press(shown.button("Start"))
        (id,) = re.findall(r"experiment=(\w+)", visitor.query)
        until(lambda: visitor.live(id)["status"]["state"] == "finished", "the experiment of the links")
        hidden = [str(folder), str(ROOT), "Traceback (most", "site-packages"]
        for number in numbers:
            chance, began = random.Random(f"{seed} {number}"), time.monotonic()
            said = len(lab.said())
            fault = _ask(visitor, chance, hidden) if chance.random() < 0.15 else _open(visitor, chance, id, hidden)
            what, why = fault
            if not why and time.monotonic() - began > LONGEST:
                why = f"{time.monotonic() - began:.1f} s"
            if not why and "Traceback" in (new := lab.said()[said:]):
                why = f"a traceback in the server's own output: {new[-1500:]}"
            if why:
                outcome.fault(f"number {number}, {what[:300]}: {why}")
            outcome.counted["pages" if what.startswith("?") else "other addresses"] += 1
        if lab.process.poll() is not None or visitor.get("_stcore/health")[0] != 200:
            outcome.fault(f"the server is gone: {lab.said()[-2000:]}")


def link(chance: random.Random, id: str) -> str:
    """What stands behind the ? of a link: up to eight parameters, some twice, escaped or as they are."""
    pairs = []
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        kind = chance.randrange(10)
        name = text(chance)[:300] if kind == 0 else chance.choice(list(SPELLINGS)) if kind < 6 else chance.choice(VIEW)
        name = "experiment" if kind == 9 else name
        pairs += [(name, _value(chance, id))] * chance.choice((1, 1, 1, 2, 30))
    escaped = chance.random() < 0.9
    made = "&".join(f"{_written(name, escaped)}={_written(value, escaped)}" for name, value in pairs)
    return made[:200_000].replace("\x00", "%00") if escaped else made.encode("utf-8", "replace").decode()


def _value(chance: random.Random, id: str) -> str:
    kind = chance.randrange(8)
    if kind == 0:
        return id
    if kind == 1:
        return str(chance.choice(NUMBERS))[:400]
    if kind == 2:
        return ",".join(chance.choice((*GROUPS, "all", "transport", id, text(chance)[:50])) for _ in range(chance.randrange(6)))
    if kind == 3:
        return ",".join(f"{chance.choice(('view', 'rule', 'layer', 'run'))}:{text(chance)[:40]}" for _ in range(4))
    return text(chance)


def _written(value: str, escaped: bool) -> str:
    return quote(value, safe="", errors="surrogatepass") if escaped else value


def _open(visitor: Visitor, chance: random.Random, id: str, hidden: list[str]) -> tuple[str, str]:
    query, page = link(chance, id), chance.choice([""] * 4 + [page.path for page in PAGES] + [text(chance)[:60]])
    page = page.encode("utf-8", "replace").decode()
    what = f"?{query} on page {page!r}"
    try:
        shown = visitor.open(query, page)
    except Exception as error:
        return what, f"no page: {type(error).__name__}: {error}"
    if shown.ended != "FINISHED_SUCCESSFULLY" or shown.exceptions:
        return what, f"{shown.ended} {shown.exceptions}"
    if found := [word for word in hidden if word in shown.text]:
        at = shown.text.index(found[0])
        return what, f"it names {found[0]}: {shown.text[max(0, at - 150) : at + 100]!r}"
    return what, "" if not (active := _active(shown)) else f"a browser would act on {active}"


def _active(shown) -> str:
    """What of a link came back in Markdown or HTML as it was sent."""
    for element in shown.elements:
        kind = element.WhichOneof("type")
        body = getattr(getattr(element, kind or "empty"), "body", "")
        if kind in ("markdown", "alert", "heading", "html") and any(word in body for word in ACTIVE):
            return body[:300]
    return ""


def _ask(visitor: Visitor, chance: random.Random, hidden: list[str]) -> tuple[str, str]:
    """An address past the page."""
    escape = quote(text(chance)[:2000], safe=chance.choice(("", "/")), errors="surrogatepass")
    path = chance.choice(PATHS) + chance.choice(
        (escape, f"../../{escape}", "%2e%2e/%2e%2e/etc/passwd", f"{escape}?have={escape}&list=-1")
    )
    path += chance.choice(("", f"?have={escape}", f"?map={escape}&version={escape}&chart={escape}", "&x" * 3000))
    try:
        status, said = visitor.get(path.replace(" ", "%20"))
    except Exception as error:
        return path, f"no answer: {type(error).__name__}: {error}"
    if status >= 500 or "root:" in said:
        return path, f"{status} {said[:300]}"
    return path, next((f"it names {word}" for word in hidden if word in said), "")
