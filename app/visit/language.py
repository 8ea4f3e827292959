"""The language that a visitor reads: that of the link (`language=de`), else their browser's, where there is a translation."""

from collections.abc import Collection

import streamlit as st

from app.visit.session import Remembered

PARAMETER = "language"


class Spoken(Remembered, prefix="lesson"):
    """The language that the visitor reads."""

    language: str = ""  # empty: that of the originals


spoken = Spoken()


def choose(known: Collection[str]) -> None:
    """Take over what the link asks for, else what the browser does, if it is among these; before anything is said."""
    asked = st.query_params.get(PARAMETER, "")
    if asked in known or asked == "en":
        spoken.language = asked if asked in known else ""
    elif not spoken.language:
        first = (st.context.locale or "").partition("-")[0].lower()
        spoken.language = first if first in known else ""
