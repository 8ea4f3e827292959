"""The same experiment again: as a link, a QR code for a room, a frame for another page, and a command."""

from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st
from streamlit import config

from app.shell.pages import LAB, PAGES, Page
from app.visit import hidden_controls
from app.visit.form_state import FORM_ONLY
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import command, differences

QR_MOST = 1000  # characters: more and the squares of a code that fits are too small


def address(parameters: dict[str, str], page: Page = LAB) -> str:
    """A page of this server with these parameters, as the visitor's browser reaches it."""
    here = (st.context.url or "").split("?")[0].rstrip("/")
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    at_the_lab = urlsplit(here).path.strip("/") == base  # which may be called like a page
    folder, _, last = here.rpartition("/")
    root = folder if last in {one.path for one in PAGES if not one.default} and not at_the_lab else here
    target = f"{root}/{page.path}" if root or page.path else ""
    return f"{target}?{urlencode(parameters, safe=',:~')}"


def link(experiment: Experiment, view: dict[str, str] | None = None) -> str:
    """A link that carries all settings that a link may choose, and `view`, what it says about the page."""
    settings = {name: text for name, text in differences(experiment).items() if name not in FORM_ONLY}
    return address({**(settings or {"dataset": experiment.dataset}), **{k: v for k, v in (view or {}).items() if v}})


def qr(text: str) -> str:
    """A QR code as an SVG image, black on white in any theme."""
    uri = segno.make(text, micro=False).svg_data_uri(border=4, dark="#000", light="#fff", scale=8)
    return f'<img src="{uri}" alt="QR code of the link" style="width:100%;max-width:240px;min-width:140px">'


def embed(url: str) -> str:
    """HTML that shows the page inside another one."""
    joint = "&amp;" if "?" in url else "?"
    return f'<iframe src="{url.replace("&", "&amp;")}{joint}embed=true" width="100%" height="900" style="border:0"></iframe>'


def share(experiment: Experiment, opened: bool) -> None:
    """What the Share popover holds; its settings are kept while it is closed, and the rest is made when it opens: a QR code
    takes longer than all else on the page."""
    view = {
        "hide": hidden_controls.choose("share_hide"),
        "projector": "true" if st.toggle("For a projector", key="share_projector") else "",
        hidden_controls.CHARTS: st.query_params.get(hidden_controls.CHARTS, ""),
    }
    if not opened:
        return
    texts(link(experiment, view))
    st.caption("The same, trained without a page")
    st.code(command(experiment), language="bash", wrap_lines=True)


def share_page(page: Page) -> None:
    """A popover with the address of a page of pictures: the same experiment, step and view wherever it is opened."""
    # opening runs the page: what is shared is what is shown then
    with st.popover("Share", icon=":material/link:", key="share_page", on_change="rerun") as popover:
        if popover.open:
            texts(address(st.query_params.to_dict(), page), "to what is shown here")


def texts(url: str, leads: str = "with these settings") -> None:
    """A link in the ways in which a class can get it."""
    st.caption(f"A link {leads}, for anyone who reaches this server")
    st.code(url, language=None, wrap_lines=True)
    left, right = st.columns([2, 3])
    left.caption("For phones in the room")
    if len(url) <= QR_MOST:
        left.html(qr(url))
    else:
        left.info("This link is too long for a QR code that phones can read: write it out, or draw fewer points.")
    right.caption("To show the lab in another page")
    right.code(embed(url), language="html", wrap_lines=True)
