"""Links to a run and to settings, a QR code for a room, and a frame for another page; app/bar/share_links.py offers them."""

from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st
from streamlit import config

from app.shell.pages import LAB, PAGES, Page
from app.visit import hidden_controls, moment
from app.visit.form_state import ATTACH, FORM_ONLY
from app.visit.session import session
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import differences


def address(parameters: dict[str, str], page: Page = LAB) -> str:
    """A page of this server with these parameters, as the visitor's browser reaches it."""
    here = (st.context.url or "").split("?")[0].rstrip("/")
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    at_the_lab = urlsplit(here).path.strip("/") == base  # which may be called like a page
    folder, _, last = here.rpartition("/")
    root = folder if last in {one.path for one in PAGES if not one.default} and not at_the_lab else here
    target = f"{root}/{page.path}" if root or page.path else ""
    said = urlencode(parameters, safe=",:~")
    return f"{target}?{said}" if said else target


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


def this_page(page: Page, view: dict[str, str] | None = None) -> str:
    """A link to what is on screen: the run that is watched, if any, the moment, and what is chosen on the page.

    Settings that a visitor's own link has named are not what they look at, and are left out.
    """
    shown = st.query_params.to_dict()
    said = {name: text for name, text in shown.items() if name in (ATTACH, *hidden_controls.VIEW)}
    return address({name: text for name, text in {**said, **(view or {})}.items() if text}, page)


def this_run(view: dict[str, str] | None = None) -> str:
    """A link from any page to the run that is watched, in the Lab, at the chosen moment."""
    run = {ATTACH: session.watched or "", moment.AT: session.at}
    return address({name: text for name, text in {**run, **(view or {})}.items() if text})
