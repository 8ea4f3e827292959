"""Lessons: guess, watch, and read why; a link opens any step."""

from app import lessons

lessons.show()
