"""Feedback: the matrices B beside the weights in whose place they stand, and what happens when one of them is changed."""

from app.feedback import page

page.show()
