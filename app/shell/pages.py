"""The one list of pages: navigation, links from page to page, addresses and shared links come from it.

A page is a file in pages/ and a line in PAGES.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import streamlit as st

from app.people.identity import visitor


@dataclass(frozen=True)
class Page:
    """A page of the lab."""

    name: str  # of its file in pages/
    title: str  # in the navigation
    icon: str  # of Material Symbols
    section: str = ""  # of the navigation; pages of one section follow each other
    default: bool = False  # shown at the lab's own address
    run: bool = False  # is about the run that is watched
    pictures: bool = False  # shows the networks as they were at any step of a training
    administrators: bool = False  # for whoever keeps the server
    shared: tuple[str, str] = ("This page", "The page that you are on.")  # how a link to one without a run is called

    @property
    def path(self) -> str:
        """The last part of the page's address."""
        return "" if self.default else self.name

    @property
    def script(self) -> str:
        """The page's file, seen from navigation.py."""
        return f"../pages/{self.name}.py"

    @property
    def symbol(self) -> str:
        """The icon as Streamlit writes it."""
        return f":material/{self.icon}:"


COMPARISON = "This comparison", "The experiments that you compare, and how they are drawn."
PAGES = (
    Page("lab", "Lab", "science", default=True, run=True),
    Page("lessons", "Lessons", "school"),
    Page("path", "The path of the error", "route", run=True, pictures=True),
    Page("learnt", "What it has learnt", "visibility", "Look inside", run=True, pictures=True),
    Page("angles", "Angles", "square_foot", "Look inside", run=True),
    Page("feedback", "Feedback", "grid_on", "Look inside", run=True, pictures=True),
    Page("experiments", "Experiments", "list", "Runs"),
    Page("compare", "Compare", "stacked_line_chart", "Runs", shared=COMPARISON),
    Page("reproduce", "Reproduce", "table_chart", "Runs"),
    Page("server", "Server", "dns", "Runs", administrators=True),
    Page("proofs", "Is it really DFA?", "fact_check", "Proof and rules"),
    Page("rules", "Rules", "menu_book", "Proof and rules"),
)
_by_name = {page.name: page for page in PAGES}
# those that code elsewhere names
LAB, LESSONS, PATH, LEARNT, ANGLES, FEEDBACK = (
    _by_name[name] for name in ("lab", "lessons", "path", "learnt", "angles", "feedback")
)
EXPERIMENTS, COMPARE, REPRODUCE, SERVER, PROOFS, RULES = (
    _by_name[name] for name in ("experiments", "compare", "reproduce", "server", "proofs", "rules")
)


def navigation() -> tuple[Page, Callable[[], None]]:
    """Show the bar of pages; the page that the visitor is on, and what runs it."""
    sections = {section: [_shown(page) for page in several] for section, several in groupby(PAGES, lambda page: page.section)}
    chosen = st.navigation(sections, position="top")
    return named(chosen.url_path), chosen.run


def _shown(page: Page):
    """The page for Streamlit; one that is not for this visitor is left out of the bar, and says so itself."""
    offered = "visible" if not page.administrators or visitor().administrator else "hidden"
    return st.Page(page.script, title=page.title, icon=page.symbol, default=page.default, visibility=offered)


def link(page: Page, label: str = "", icon: str = "") -> None:
    """A link to a page, by default with its title and its own icon."""
    st.page_link(page.script, label=label or page.title, icon=f":material/{icon}:" if icon else page.symbol)


def named(name: str) -> Page:
    """The page of this name; the lab's first one where there is none."""
    return _by_name.get(name, LAB)


def go(page: Page) -> None:
    """Leave the present page for this one."""
    st.switch_page(page.script)
