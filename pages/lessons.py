"""Lessons: guess, watch, and read why; a link opens any step."""

from app.lessons import page

page.show()
