"""Angles: every angle and measure of the experiment on screen, layer by layer and step by step."""

from app import angles
from app.live import load_plotly

load_plotly()
angles.show()
