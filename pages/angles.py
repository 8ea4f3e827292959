"""Angles: every angle and measure of the experiment on screen, layer by layer and step by step."""

from app.angles import page
from app.live.component import load_plotly

load_plotly()
page.show()
