"""Lab: choose an experiment, run it, watch it learn."""

import streamlit as st

from app import controls, feed, flags, scrubber, transport, watching
from app.live import load_plotly

load_plotly()
watching.arrive()

with st.sidebar:
    experiment, refused = controls.form()

controls.show_problems(refused + st.session_state.problems)
if st.session_state.notice and not refused:
    st.info(st.session_state.notice, icon=":material/link:")
flags.note()
status = watching.now()
scrubber.note(status)
feed.show(status)
if flags.TRANSPORT not in flags.hidden() or status.demo:
    with st.bottom:
        transport.bar(experiment, status)
