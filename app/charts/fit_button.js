// The button that undoes every zoom.

import { element } from "./dom.js"

const ABOUT = "Reset the zoom of all panels (double-click in a panel does the same)"

export function fitButton(fit) {
  const made = element("button", "dfa-fit", "Fit", { type: "button", title: ABOUT })
  made.addEventListener("click", fit)
  return made
}
