// What the viewer chose in the charts, in the page's address: whoever opens the link sees them the same way.
// charts=x:epoch,smoothing:0.6,log:true,hidden:fa+shallow,zoom:120~900   (what is as usual is left out)

const ADDRESS_KEY = "charts"
const RULE_NAMES = /^[\w-]+(\+[\w-]+)*$/

function viewFromAddress(usual, options) {
  const found = {}
  for (const part of (new URLSearchParams(location.search).get(ADDRESS_KEY) ?? "").split(",")) {
    const [, name, text] = part.match(/^(\w+):(.+)$/) ?? []
    if (name !== "zoom" && !Object.hasOwn(usual, name ?? "")) continue
    if (name === "zoom") {
      const range = text.split("~").map(Number)
      if (range.length === 2 && range.every(Number.isFinite) && range[0] < range[1]) found.zoom = range
    } else if (name === "hidden") {
      if (RULE_NAMES.test(text)) found.hidden = text.split("+")
    } else if (typeof usual[name] === "number") {
      if (text !== "" && Number(text) >= 0 && Number(text) < 1) found[name] = Number(text)
    } else if (typeof usual[name] === "boolean") {
      if (text === "true" || text === "false") found[name] = text === "true"
    } else if (options[name]?.includes(text)) found[name] = text
  }
  return found
}

// Streamlit reads the address at every run of the script, so it need not be told.
function viewIntoAddress(choices, usual, zoom) {
  const parts = Object.keys(usual).flatMap((name) => {
    const value = choices[name]
    if (Array.isArray(value)) return value.length ? [`${name}:${value.join("+")}`] : []
    return value === usual[name] ? [] : [`${name}:${value}`]
  })
  if (zoom) parts.push(`zoom:${zoom.map((end) => Number(end.toPrecision(5))).join("~")}`)
  const rest = location.search.slice(1).split("&").filter((pair) => pair && pair.split("=")[0] !== ADDRESS_KEY)
  if (parts.length) rest.push(`${ADDRESS_KEY}=${encodeURIComponent(parts.join(",")).replace(/%(2C|3A|7E)/g, decodeURIComponent)}`)
  const search = rest.length ? `?${rest.join("&")}` : ""
  if (search !== location.search) history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`)
}
