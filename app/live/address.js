// What the viewer chose in the charts, in the page's address: whoever opens the link sees them the same way.
// charts=x:epoch,smoothing:0.6,log:true,hidden:fa+shallow,zoom:120~900   (what is as usual is left out)

import { readParameter, writeParameter } from "../charts/page_address.js"

const KEY = "charts"
const RULE_NAMES = /^[\w-]+(\+[\w-]+)*$/

// `usual`: choices where nothing is said; `options`: name -> values that can be chosen, or what they look like
export function viewFromAddress(usual, options) {
  const found = {}
  for (const part of readParameter(KEY).split(",")) {
    const [, name, text] = part.match(/^(\w+):(.+)$/) ?? []
    if (name !== "zoom" && !Object.hasOwn(usual, name ?? "")) continue
    if (name === "zoom") {
      const range = text.split("~").map(Number)
      if (range.length === 2 && range.every(Number.isFinite) && range[0] < range[1]) found.zoom = range
    } else if (name === "hidden") {
      if (RULE_NAMES.test(text)) found.hidden = text.split("+")
    } else if (options[name] instanceof RegExp) {
      if (options[name].test(text)) found[name] = text
    } else if (options[name]) {
      const chosen = options[name].find((option) => String(option) === text)
      if (chosen !== undefined) found[name] = chosen
    } else if (name === "smoothing" && Number(text) >= 0 && Number(text) < 1) found.smoothing = Number(text)
  }
  return found
}

// `zoom`: [first, last] or null
export function viewIntoAddress(choices, usual, zoom) {
  const parts = Object.keys(usual).flatMap((name) => {
    const value = choices[name]
    if (Array.isArray(value)) return value.length ? [`${name}:${value.join("+")}`] : []
    return value === usual[name] ? [] : [`${name}:${value}`]
  })
  if (zoom) parts.push(`zoom:${zoom.map((end) => Number(end.toPrecision(5))).join("~")}`)
  writeParameter(KEY, encodeURIComponent(parts.join(",")).replace(/%(2C|3A|7E)/g, decodeURIComponent))
}
