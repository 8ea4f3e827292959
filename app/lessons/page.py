"""Lessons: a list, the steps of one, and the sheet that ends a path; the link says which (lesson_place.py)."""

from app.form.settings_form import show_problems
from app.lessons import done_marks, hand_in_sheet, lesson_list, lesson_place, lesson_step, lesson_words
from app.lessons.lesson_words import all_lessons, say
from dfa_lab.lessons.learning_paths import Stop


def show() -> None:
    """What the link names."""
    lesson_words.choose()
    place = lesson_place.arrive()
    stop = _stop(place)
    if stop:
        lesson_step.reveal_if_there(stop)
    done_marks.load()
    path, wanted, name = lesson_place.path(), place.get("path", ""), place.get("lesson", "")
    if path and path.sheet and place.get("sheet"):
        hand_in_sheet.show(path)
        return
    if name not in all_lessons():
        problem = say("no_lesson", name=repr(name[:40])) if name else ""
        lesson_list.show(problem or (say("no_path", name=repr(wanted[:40])) if wanted and not path else ""))
        return
    if not stop:
        steps = len(all_lessons()[name].steps)
        show_problems([say("no_step", step=repr(place.get("step", "")[:20]), steps=steps)])
    lesson_step.show(stop or Stop(name, 1))


def _stop(place: dict[str, str]) -> Stop | None:
    """The step that the link names, if there is one."""
    lesson, text = all_lessons().get(place.get("lesson", "")), place.get("step", "1")
    number = int(text) if text.isdecimal() and len(text) < 4 else 0
    return Stop(lesson.name, number) if lesson and 1 <= number <= len(lesson.steps) else None
