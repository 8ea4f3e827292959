"""Share, on every page: a link to what is on screen and one to the settings of the form, for a person, a room and a page."""

from dataclasses import dataclass

import streamlit as st

from app.form import settings_form
from app.shell import pages
from app.shell.pages import Page
from app.visit import form_state, hidden_controls, moment, reach, share, watching
from app.visit.session import known, session
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import command

QR_MOST = 1000  # characters: more and the squares of a code that fits are too small
TOO_LONG = "This link is too long for a QR code that phones can read: write it out, or draw fewer points."
SETTINGS = "These settings"
IN_THE_LAB = "in the Lab under Moment"
# On a phone a title and Share stay on one line as long as the title allows.
STYLE = "<style>.st-key-page_title { flex-wrap: nowrap } .st-key-page_title > :last-child { flex: none }</style>"


@dataclass(frozen=True)
class Link:
    """A link, and what whoever opens it sees."""

    label: str
    about: str
    url: str


def title(page: Page, text: str, shown: dict[str, str] | None = None) -> None:
    """The title of a page, and beside it Share. `shown`: parameters of what is seen, if the address does not have them."""
    st.html(STYLE)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small", key="page_title"
    ):
        st.title(text, anchor=False)
        popover(page, shown)


def popover(page: Page, shown: dict[str, str] | None = None) -> None:
    """Share for a page other than the Lab; `shown` as in `title`."""
    # opening runs the page: what is shared is what is shown then
    with st.popover("Share", icon=":material/link:", key="share_page", on_change="rerun") as opened:
        if opened.open:
            experiment, problems = _form()
            _offer([*_here(page, shown), *_settings(experiment, {})], problems)


def lab(experiment: Experiment | None, opened: bool) -> None:
    """What the Lab's popover holds. `experiment`: what the form says, None while it has a problem.

    The popover's own choices are kept while it is closed, and the rest is made when it opens: a QR code takes longer than all
    else on the page.
    """
    view = {
        "hide": hidden_controls.choose("share_hide"),
        "projector": "true" if st.toggle("For a projector", key="share_projector") else "",
        hidden_controls.GUIDE: "false" if st.toggle("Without the guided first visit", key="share_guide") else "",
        hidden_controls.CHARTS: st.query_params.get(hidden_controls.CHARTS, ""),
    }
    if not opened:
        return
    problems = [] if experiment else ["The form says what cannot be trained: mend it to share its settings."]
    _offer([Link("This run", _moment(), share.this_page(pages.LAB, view)), *_settings(experiment, view)], problems)
    if experiment:
        st.caption("These settings, trained without a page")
        st.code(command(experiment), language="bash", wrap_lines=True)


def step(url: str, experiment: Experiment) -> None:
    """What the popover of a lesson's step holds; `experiment`: the one that answers it."""
    about = "The text and the question, before they are answered."
    _offer([Link("This step", about, url), *_settings(experiment, {})], [])


def _form() -> tuple[Experiment | None, list[str]]:
    """What the form says, also where it is not drawn; the defaults before the visitor has been in the Lab."""
    return settings_form.read() if known(form_state.key("dataset")) else (Experiment(), [])


def _here(page: Page, shown: dict[str, str] | None) -> list[Link]:
    """The page as it is, and the run that is watched, which most pages are about."""
    if page.run:
        return [Link("This run", _moment("with the slider" if page.pictures else IN_THE_LAB), share.this_page(page))]
    own = [] if page.administrators else [Link(*page.shared, share.this_page(page, shown))]
    return [*own, Link("This run", _moment(), share.this_run())]


def _moment(where: str = IN_THE_LAB) -> str:
    """What whoever opens a link to the run sees; `where` they choose a moment who share it."""
    what = "The run that you watch" if session.watched else "The demonstration that all newcomers see"
    step = moment.marker(watching.now())
    if step is None:
        return f"{what}, as it is when the link is opened. To share a moment of it, choose one first, {where}."
    return f"{what}, at step {step:,}."


def _settings(experiment: Experiment | None, view: dict[str, str]) -> list[Link]:
    if experiment is None:
        return []
    about = "What the form says now, to be started anew by whoever opens it: as a run of their own."
    return [Link(SETTINGS, about, share.link(experiment, view))]


def _offer(links: list[Link], problems: list[str]) -> None:
    """The links, each by its name, and one of them in the other ways in which a class can get it."""
    there = {link.label: reach.from_phones(link.url) for link in links}
    for why in dict.fromkeys(why for url, why in there.values() if why):
        st.info(why, icon=":material/wifi:" if any(url for url, _ in there.values()) else ":material/wifi_off:")
    for link in links:
        st.markdown(f"**{link.label}**: {link.about}")
        st.code(there[link.label][0] or link.url, language=None, wrap_lines=True)
    settings_form.show_problems(problems)
    chosen = st.segmented_control(
        "QR code and frame of" if any(url for url, _ in there.values()) else "Frame of",
        list(there),
        default=links[0].label,
        required=True,
        key="share_which",
    )
    link = next((one for one in links if one.label == chosen), links[0])
    url = there[link.label][0]
    left, right = st.columns([2, 3]) if url else (None, st.container())
    right.caption("To show the lab in another page")
    right.code(share.embed(url or link.url), language="html", wrap_lines=True)
    if left is None:
        return
    left.caption("For phones in the room")
    if len(url) > QR_MOST:
        left.info(TOO_LONG)
    else:
        left.html(share.qr(url))
