"""Figures that do not move: drawn by Streamlit's own plotly chart, readable on a projector."""

import plotly.graph_objects as go
import streamlit as st

INKS = {"light": "#31333F", "dark": "#FAFAFA"}  # of texts in pictures
CONFIG = {"displayModeBar": False, "scrollZoom": False}


def show(figure: go.Figure, alt: str, key: str | None = None) -> None:
    """Draw a figure; `alt` says it in words. With a `key` a new figure takes the place of the old one without a blink."""
    ink = INKS.get(str(st.context.theme.type))
    st.plotly_chart(inked(figure, ink) if ink else figure, key=key, config=CONFIG, alt=alt)


def inked(figure: go.Figure, ink: str) -> go.Figure:
    """A figure with all texts in this colour: the grey of Streamlit's theme is too faint on a projector and on filled cells."""
    axis = {"tickfont_color": ink, "title_font_color": ink}
    return figure.update_layout(font_color=ink, legend_font_color=ink).update_xaxes(axis).update_yaxes(axis)
