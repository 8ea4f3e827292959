"""Points are drawn with mouse and keys in a real browser, and trained on."""

import re
from collections.abc import Callable


def test_draw_with_mouse_and_keys_then_train(open_page: Callable, lab: str):
    page = open_page(f"{lab}/?dataset=points", viewport={"width": 1400, "height": 1000})
    board, count = page.locator(".board > svg"), page.locator(".board .count")
    marks = board.locator("g path")

    def points(wanted: int) -> None:
        count.get_by_text(re.compile(rf"^{wanted} of 500 points")).wait_for()
        assert marks.count() == wanted

    points(90)
    page.get_by_role("button", name="Clear").click()
    points(0)
    page.get_by_role("button", name="Undo").click()
    points(90)
    page.get_by_role("button", name="Clear").click()
    box = board.bounding_box()
    x, y, side = box["x"], box["y"], box["width"]
    page.mouse.move(x + 0.1 * side, y + 0.2 * side)
    page.mouse.down()
    page.mouse.move(x + 0.6 * side, y + 0.2 * side, steps=10)
    page.mouse.up()
    drawn = marks.count()
    assert 8 <= drawn <= 11  # a stroke; the board does not wait for the server
    board.focus()
    for key in ("2", "ArrowDown", "Enter", "ArrowRight", " ", "ArrowRight", "Enter", "Backspace"):
        page.keyboard.press(key)
    points(drawn + 2)
    assert board.locator("[data-class='2']").count() == 2 and board.locator("[data-class='0']").count() == drawn
    page.get_by_text(re.compile("points train")).wait_for()  # what the server says may move the board
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Erase").click()
    mark = board.locator("[data-class='0']").first.bounding_box()
    page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    points(drawn + 1)
    page.wait_for_function("location.search.includes('experiment=')")  # what is drawn is learnt at once
    assert page.get_by_text("points, mlp").count()
    # Space dropped a point, and did not pause the demonstration, of which a copy would be paused, as what comes after it
    assert page.locator(".dfa-status[data-state=paused]").count() == 0
    drawn_last = page.url
    page.get_by_role("button", name=re.compile("^Start")).click()
    page.wait_for_function("(before) => location.href !== before", arg=drawn_last)
