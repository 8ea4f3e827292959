"""The networks on the Lab page, live: what is drawn is what was measured, and what is pointed at is shown larger."""

from collections.abc import Callable

SLOW = "?dataset=spirals&num_layers=2&num_hidden=16&rules=bp,dfa&epochs=2000&batch_size=16"
ANGLES = "() => [...document.querySelectorAll('[data-rule=dfa] text.angle')].map((one) => one.textContent)"
PAINTED = """(rule) => [...document.querySelectorAll(`[data-rule=${rule}] .dfa-network canvas`)].map((one) => {
  const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height)
  return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 3).join())).size
})"""
PICTURE = "() => document.querySelector('[data-rule=dfa] .dfa-network canvas').toDataURL()"


def start(open_page: Callable, lab: str):
    page = open_page(f"{lab}/{SLOW}", viewport={"width": 1400, "height": 1000})
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**experiment=**")
    page.locator("[data-rule=dfa] text.name", has_text="x₁").wait_for()  # no longer the demonstration's
    page.wait_for_function(f"({PAINTED})('dfa').length === 8 && ({PAINTED})('dfa').every((colours) => colours > 5)")
    return page


def test_units_move_while_it_trains_and_angles_are_those_of_the_tile(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab)
    before = page.evaluate(PICTURE)
    page.wait_for_function(f"(before) => ({PICTURE})() !== before", arg=before)
    assert set(page.evaluate(ANGLES.replace("dfa", "bp"))) == {"0°"}  # the measure of bp against itself
    page.keyboard.press("Space")
    page.wait_for_selector(".dfa-status[data-state=paused]")
    mean = "() => parseFloat(document.querySelector('.dfa-card[data-rule=dfa] .dfa-pair:nth-child(3) .dfa-figure').textContent)"
    drawn = f"(({ANGLES})().map(parseFloat).reduce((a, b) => a + b, 0) / 2)"
    page.wait_for_function(f"Math.abs({drawn} - ({mean})()) <= 0.6")  # each is rounded
    plane = page.locator("[data-rule=dfa] .dfa-answers canvas")
    assert plane.is_visible()


def test_a_unit_is_enlarged_and_leads_to_the_page_that_tells_all(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab)
    unit = page.locator("[data-rule=dfa] .dfa-network canvas").nth(5)
    unit.hover()
    large = page.locator("[data-rule=dfa] .dfa-enlarged")
    large.wait_for()
    assert "Layer 2, unit 2 of 16: what it gives everywhere in the plane" in large.inner_text()
    page.mouse.move(5, 5)
    large.wait_for(state="hidden")
    page.keyboard.press("Space")
    page.wait_for_selector(".dfa-status[data-state=paused]")
    page.get_by_role("button", name="dfa: open the path of the error").click()
    page.wait_for_url("**/path**")
    page.get_by_role("link", name="Lab", exact=True).first.click()
    page.locator("[data-rule=dfa] .dfa-network canvas").first.click()
    page.wait_for_url("**/learnt**")


def test_what_has_ended_shows_its_last_step_and_plus_above_it_begins_a_deeper_one(open_page: Callable, lab: str) -> None:
    page = open_page(
        f"{lab}/?dataset=xor&num_layers=1&num_hidden=8&rules=dfa&epochs=3", viewport={"width": 1400, "height": 1000}
    )
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(".dfa-status[data-state=finished]")
    page.wait_for_function(f"({PAINTED})('dfa').length === 4 && ({PAINTED})('dfa').every((colours) => colours > 5)")
    less, more = (page.get_by_role("button", name=f"One hidden layer {word}") for word in ("less", "more"))
    assert less.is_disabled() and more.get_attribute("title") == "Hidden layers: 2"
    more.press("Enter")
    more.press("Space")  # at once: the second counts too, and is no Pause
    page.wait_for_function(f"({PAINTED})('dfa').length === 12 && ({PAINTED})('dfa').every((colours) => colours > 5)")
    page.wait_for_selector(".dfa-status[data-state=finished]")
    assert page.get_by_role("spinbutton", name="Hidden layers").input_value() == "3" and less.is_enabled()
    page.get_by_role("button", name="Fewer units per layer").click()
    page.wait_for_function("document.querySelector('.dfa-title').textContent.includes('3×5')")
