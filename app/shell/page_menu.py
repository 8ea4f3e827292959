"""The pages by name on a small screen, in the head of every page, where Streamlit would close them in behind a "»".

Below SMALL Streamlit puts its bar of pages into the sidebar, and on a phone the sidebar is closed. Two pages stand there
themselves, the others in an open list; the sidebar has the Lab's form alone, and the button that opens it says so.
"""

from itertools import groupby

import streamlit as st
from streamlit.components.v2 import component

from app.people.identity import visitor
from app.shell import pages
from app.shell.pages import LAB, LESSONS, PAGES, Page

SMALL = "max-width: 767.98px"  # where Streamlit's bar of pages is gone (1.67)
CLOSED = "max-width: 800px"  # where its sidebar begins closed
FIRST = (LAB, LESSONS)  # one touch away; the others are two
KEY = "page_menu"
# Streamlit's own buttons keep their arrows where there is a bar of pages. They come and go with the sidebar.
SCRIPT = f"""
const NAMES = {{ stExpandSidebarButton: "Settings", stSidebarCollapseButton: "Close" }}
const small = matchMedia("({CLOSED})")

function name() {{
  for (const [id, said] of Object.entries(NAMES)) {{
    const found = document.querySelector(`[data-testid=${{id}}]`)
    const button = found?.matches("button") ? found : found?.querySelector("button")
    if (small.matches && button) button.ariaLabel = button.dataset.name = said
  }}
}}

export default function () {{
  name()
  const menu = document.querySelector(".st-key-{KEY}")
  if (menu) [menu.role, menu.ariaLabel] = ["navigation", "Pages"]
  const bar = document.querySelector("[data-testid=stHeader]")
  if (!bar || bar.dataset.named) return
  bar.dataset.named = true
  new MutationObserver(name).observe(bar, {{ childList: true, subtree: true }})
}}
"""
_names = component(f"{KEY}_names", js=SCRIPT, isolate_styles=False)
PLACE = f"[data-testid=stLayoutWrapper]:has(> .st-key-{KEY})"
# A sidebar that is closed lies beside the screen, and Streamlit leaves its thirty stops to the keyboard: it is hidden as well.
STYLE = f"""<style>
{PLACE}, .st-key-{KEY}_names {{ display: none; }}
.stApp:has([data-testid=stExpandSidebarButton]) [data-testid=stSidebar] {{ content-visibility: hidden; }}
[data-testid=stPopoverBody]:has(> * .st-key-{KEY}_list) {{ max-height: calc(100vh - 4rem) !important; padding: 0.75rem; }}
.st-key-{KEY}_list {{ gap: 0; }}
.st-key-{KEY}_list a {{ padding-block: 0.4rem; }}
@media ({CLOSED}) {{
  button[data-name]::after {{ content: attr(data-name); font-size: 1rem; }}
  button[data-name] > span {{ display: none; }}
}}
@media ({SMALL}) {{
  {PLACE} {{ display: block; position: fixed; z-index: 999990; top: 0.6rem; left: 0.5rem; width: auto; }}
  .st-key-{KEY} {{ gap: 0.25rem; flex-wrap: nowrap; }}
  .st-key-{KEY} a, .st-key-{KEY} button {{ min-height: 2.5rem; padding-inline: 0.5rem; white-space: nowrap; }}
  .stApp:has(.st-key-{KEY}) :is([data-testid=stSidebarNav], [data-testid=stHeaderLogo]) {{ display: none; }}
  .stApp [data-testid=stExpandSidebarButton] {{
    position: fixed; right: 0.5rem; top: 0.6rem; min-height: 2.5rem; padding-inline: 0.5rem;
  }}
}}
@media (max-width: 374px) {{ .st-key-{KEY} a > :first-child {{ display: none; }} }}
</style>"""
NO_FORM = f"<style>@media ({SMALL}) {{ [data-testid=stExpandSidebarButton] {{ display: none; }} }}</style>"


def show(here: Page) -> None:
    """The menu, on the page that the visitor is on."""
    if st.context.is_embedded:
        return
    st.html(STYLE if here is LAB else STYLE + NO_FORM)
    with st.container(key=KEY, horizontal=True, vertical_alignment="center"):
        for page in FIRST:
            pages.link(page)
        # a list that is open is closed by going on: it belongs to the page that it was opened on
        with st.popover("All pages", key=f"{KEY}_{here.name}"), st.container(key=f"{KEY}_list"):
            _list()
    _names(key=f"{KEY}_names")


def _list() -> None:
    for section, several in groupby(PAGES, lambda page: page.section):
        if section:
            st.caption(section)
        for page in several:
            if not page.administrators or visitor().administrator:
                pages.link(page)
