"""The path of the error: how it reaches each block under each rule, live and in slow motion."""

from app.path import page

page.show()
