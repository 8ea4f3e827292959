"""What it has learnt: the networks of the experiment on screen, looked into while they are trained."""

from app.learnt import page

page.show()
