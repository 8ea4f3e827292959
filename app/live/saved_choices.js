// What a viewer chose in the charts, kept by the browser. Each layout keeps choices of its own.

import { MEASURES } from "./measures.js"

const KEY = "dfa-lab-live"
export const DEFAULT_CHOICES = {
  x: "step",
  smoothing: 0,
  log: false,
  accuracy: false,
  angle: "signal",
  place: 1,
  each: false,
  hidden: [],
}

export function choicesKey(layout) {
  return layout === "lab" ? KEY : `${KEY}-${layout}`
}

export function savedChoices(key) {
  try {
    const choices = { ...DEFAULT_CHOICES, ...JSON.parse(localStorage.getItem(key) ?? "{}") }
    return choices.angle in MEASURES ? choices : { ...choices, angle: DEFAULT_CHOICES.angle }
  } catch {
    return { ...DEFAULT_CHOICES } // storage forbidden, or not ours
  }
}

export function saveChoices(key, choices) {
  try {
    localStorage.setItem(key, JSON.stringify(choices))
  } catch {
    // Storage forbidden: choices last as long as the page.
  }
}
