"""What every visit begins with: page config and navigation."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # streamlit's tests put only this file's folder there
    sys.path.insert(0, str(ROOT))

from app.shell.own_pictures import picture  # noqa: E402 (the path has to be there first)

st.set_page_config(page_title="DFA Lab", page_icon=picture("icon"), layout="wide")
from app.shell import (  # noqa: E402 (as above)
    contrast,
    lab_links,
    landmarks,
    margins,
    open_pages,
    page_menu,
    pages,
    popover_keys,
    restarted,
    upright,
    widget_lookups,
)
from app.visit import projector  # noqa: E402 (as above)

widget_lookups.use()
contrast.apply()
margins.apply()
landmarks.place()
popover_keys.listen()
lab_links.give_addresses()
projector.apply()
upright.keep()
st.logo(picture("logo"), size="large")
if why := open_pages.refused():
    st.warning(why, icon=":material/tab:")
    st.stop()
if said := restarted.notice():
    st.info(said, icon=":material/restart_alt:")
here, run = pages.navigation()
page_menu.show(here)
run()
