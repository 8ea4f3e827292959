"""What each picture costs training while somebody looks at it in a real Chromium. Used by live.py."""

import time
from collections.abc import Callable, Iterator
from statistics import median

IMAGES = ("First-layer weights", "Confusions", "Worst mistakes", "Adversarial images", "Hidden layers")
PLANES = ("Decision surfaces", "Hidden units")
SETTLED = 2.0  # seconds until a page shows its pictures


def addresses(id: str, plane: bool) -> Iterator[tuple[str, str]]:
    """(name, path) of what can be looked at in an experiment of images or of points in the plane."""
    if not plane:
        yield "Lab, the default page: all charts", f"?experiment={id}"
        yield "The path of the error", f"path?experiment={id}"
        yield "Angles: heatmaps and charts", f"angles?experiment={id}"
        yield "Feedback: B beside W", f"feedback?experiment={id}"
    for view in PLANES if plane else IMAGES:
        yield f"What it has learnt: {view.lower()}", f"learnt?experiment={id}&look=view:{view}"


def costs(
    port: int, browser: str, id: str, plane: bool, repeats: int, rate: Callable[[str, float], float], seconds: float
) -> list[list[str]]:
    """A row for each: steps a second alone and looked at, and the share of the training that looking takes."""
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = started.new_page(viewport={"width": 1400, "height": 900}, bypass_csp=True)
        for name, path in addresses(id, plane):
            alone, looked = [], []
            for _ in range(repeats):
                page.goto("about:blank")
                time.sleep(0.5)
                alone.append(rate(id, seconds))
                page.goto(f"http://localhost:{port}/{path}")
                page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
                time.sleep(SETTLED)
                looked.append(rate(id, seconds))
            share = 1 - median(w / a for a, w in zip(alone, looked, strict=True))
            rows.append([name, f"{median(alone):.0f}", f"{median(looked):.0f}", f"{share:.0%}"])
        started.close()
    return rows
