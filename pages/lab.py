"""Lab: choose an experiment, run it, watch it learn."""

import streamlit as st

from app.bar import changed_settings, scrubber, transport
from app.form import network_size, settings_form
from app.guide import first_visit
from app.live import live_chart
from app.live.component import load_plotly
from app.shell import landmarks
from app.visit import hidden_controls, waiting, watching
from app.visit.session import session

changed_settings.wait()
load_plotly()
landmarks.title("Lab")
watching.arrive()
changed_settings.begin()

with st.sidebar:
    experiment, refused = settings_form.form()

settings_form.show_problems(refused + session.problems)
if session.notice and not refused:
    st.info(session.notice, icon=":material/link:")
hidden_controls.note()
status = watching.now()
scrubber.note(status)
waiting.queue(status)
live_chart.show(status, sizes=live_chart.Sizes(network_size.offered(), network_size.take))
first_visit.show()
if hidden_controls.TRANSPORT not in hidden_controls.hidden() or status.demo:
    with st.bottom:
        transport.bar(experiment, status)
