"""The first screen of the Lab and of a lesson, small or large: the Lab has networks, a curve of the error or loss and one of
the angles, a lesson what to look at and a curve, whole and in sight."""

import time
from collections.abc import Callable
from typing import Literal

import pytest

BOXES = """() => {
  const box = (one) => one.getBoundingClientRect()
  const all = (selector) => [...document.querySelectorAll(selector)].filter((one) => box(one).height)
  const floor = Math.min(innerHeight, ...all("[data-testid=stBottom] button").map((one) => box(one).top))
  const whole = (one) => box(one).top >= 0 && box(one).bottom <= floor && box(one).left >= 0 && box(one).right <= innerWidth
  const plots = all(".dfa-panel").filter((panel) => whole(panel) && panel.querySelector(".main-svg"))
  const sizes = all(".dfa-live *").filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  return {
    networks: all(".dfa-network").filter(whole).length,
    errors: plots.filter((panel) => /^(error|loss)/.test(panel.dataset.panel)).length,
    angles: plots.filter((panel) => panel.dataset.panel.startsWith("angle:")).length,
    rows: new Set(all(".st-key-transport button").map((one) => Math.round(box(one).top))).size,
    wide: document.documentElement.scrollWidth <= innerWidth,
    buttons: all(".st-key-transport button").every((one) => box(one).left >= 0 && box(one).right <= innerWidth),
    drawn: all(".dfa-network canvas").length > 0,
    share: all(".dfa-panel, .dfa-card-body").reduce((sum, one) => {
      const { left, right, top, bottom } = box(one)
      const wide = Math.max(0, Math.min(innerWidth, right) - Math.max(0, left))
      return sum + Math.max(0, Math.min(floor, bottom) - Math.max(0, top)) * wide
    }, 0) / (innerWidth * innerHeight),
    smallest: Math.min(...sizes.filter(whole).map((one) => parseFloat(getComputedStyle(one).fontSize))),
    toolbar: all(".dfa-toolbar").length,
  }
}"""
THERE = f"(({{ networks, errors, angles, drawn, rows }}) => networks && errors && angles && drawn && rows === 1)(({BOXES})())"
SIZES = [(1024, 768), (1366, 768), (1440, 900), (960, 540), (390, 844), (768, 1024)]


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")  # of which a page is drawn in each without being loaded anew


def test_the_first_screen_shows_networks_how_well_and_why(open_page: Callable, lab: str) -> None:
    page = open_page(lab, viewport={"width": 1920, "height": 1080})
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width, height in [(1920, 1080), *SIZES]:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(THERE)
            seen = page.evaluate(BOXES)
            assert seen["wide"] and seen["buttons"], (scheme, width, height)
            if width > 640:
                assert seen["networks"] == 3, (scheme, width, height)


def test_a_projector_has_pictures_and_large_type_alone(open_page: Callable, lab: str) -> None:
    page = open_page(f"{lab}/?projector=true", viewport={"width": 1920, "height": 1080})
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width, height in [(1920, 1080), (1024, 768)]:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(THERE)
            seen = page.evaluate(BOXES)
            assert seen["networks"] == 3 and not seen["toolbar"], (scheme, width, height)
            assert seen["smallest"] >= 20, (scheme, width, height)
            assert seen["share"] >= 0.5, (scheme, width, height)


@pytest.mark.parametrize("ago", [0, 1000], ids=["watched", "answered"])
def test_a_lesson_has_its_hint_and_a_curve_on_the_first_screen(open_page: Callable, lab: str, ago: int) -> None:
    address = f"{lab}/lessons?lesson=deep&step=1&answer=1&run=recorded{int(time.time()) - ago}"
    page = open_page(address, viewport={"width": 1440, "height": 900})
    for width, height in [*SIZES, (1920, 1080), (1024, 768)]:
        if width == 1920:
            page.goto(f"{address}&projector=true")
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(f"(({BOXES})()).errors >= 1")
            hint = page.get_by_text("Look at:").bounding_box()
            assert hint and hint["y"] >= 0 and hint["y"] + hint["height"] <= height, (scheme, width, height)
            assert page.evaluate(BOXES)["wide"], (scheme, width, height)
