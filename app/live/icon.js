// Pictograms of 16 × 16 units, in the colour of the text.

import { svg } from "../charts/dom.js"

// `path`: as the attribute d of an SVG path
export function icon(path) {
  const made = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" })
  made.append(svg("path", { d: path, "fill-rule": "evenodd" }))
  return made
}
