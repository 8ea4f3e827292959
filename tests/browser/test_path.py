"""The error's path in a real browser: drawn, opened by mouse and key, kept through updates, lit phase by phase."""


def test_the_path_of_the_error(open_page, lab):
    page = open_page(f"{lab}/path", viewport={"width": 1300, "height": 1000}, reduced_motion="reduce")
    panel = page.locator("[data-rule=dfa]")
    panel.locator(".layer[data-layer='1']").click()
    details = panel.locator(".dfa-path-details")
    details.get_by_text("Block 1, dfa").wait_for()
    assert panel.locator(".edge:not(.e)").count() == 2 == page.locator("[data-rule=bp] .matrix.both").count()
    seen = page.evaluate("__dfa_path.step")
    page.wait_for_function("seen => __dfa_path.step !== seen", arg=seen)  # the demonstration may begin anew meanwhile
    assert "Block 1, dfa" in details.inner_text() and "|B₁|" in details.inner_text()
    second = page.locator("[data-rule=fa] .layer[data-layer='2']")
    second.focus()
    page.keyboard.press("Enter")
    assert "Block 2, dfa" in details.inner_text() and second.get_attribute("aria-expanded") == "true"
    page.keyboard.press(" ")
    assert details.is_hidden()
    page.keyboard.press(" ")
    assert "experiment=" not in page.url  # Space opened the layer: it did not also press Pause, whose shortcut it is

    page.get_by_role("radio", name="Slow motion").click()
    page.locator(".dfa-path[data-phase=forward]").wait_for()
    at = page.evaluate("__dfa_path.step")
    page.get_by_role("button", name="Next phase").click()
    page.locator(".dfa-path[data-phase=error]").wait_for()
    page.get_by_role("button", name="Next phase").click()
    page.locator(".dfa-path[data-phase=feedback]").wait_for()
    assert panel.locator(".dfa-path-strip").count() == 4 and "Block 2, dfa" in details.inner_text()
    assert page.evaluate("__dfa_path.step") == at and page.evaluate("__dfa_path.mounts") == 1
    assert "layer=2" in page.url
    page.reload()  # the link is all that a new visitor has
    page.locator(".dfa-path[data-phase=feedback]").wait_for()
    details.get_by_text("Block 2, dfa").wait_for()
    width = "document.documentElement.scrollWidth - innerWidth"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(width) <= 0
