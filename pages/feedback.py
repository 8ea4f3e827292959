"""Feedback: the matrices B beside the weights in whose place they stand, and what happens when one of them is changed."""

from app import feedback_view

feedback_view.show()
