// Where everything of a panel's diagram stands, and how its lines look. Output on top, input at the bottom: the signal goes
// up on the left, the error comes down on the right.

const NS = "http://www.w3.org/2000/svg"
const WIDTH = 360
const BOX = { x: 14, w: 184 } // of a block
const UP = 56 // where the forward arrow runs
const DOWN = 152 // where the error of a chain rule runs
const CROWDED = 7 // blocks from which the diagram is drawn closer, and scrolls in its panel
const THIN = 2
const THICK = 14
const AWAY = 120 // degrees from which the colour is no longer mixed with that of chance
const DECADES = 3 // of size from the thickest line to the thinnest
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"

function svg(tag, attributes = {}, text = "") {
  const made = document.createElementNS(NS, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  if (text) made.textContent = text
  return made
}

function element(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

// Writes only what changed: a text that is set anew is read out anew and loses its selection.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value)
}

function numbered(letter, number) {
  return letter + [...String(number)].map((digit) => SUBSCRIPTS[digit]).join("")
}

function short(value) {
  if (value === null || value === undefined) return "none"
  if (value === 0) return "0"
  const size = Math.abs(value)
  const text = size >= 1e5 || size < 1e-5 ? value.toExponential(1) : size >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)))
  return text.replaceAll("-", "−")
}

function degrees(angle) {
  return angle === null ? "no angle" : `${angle >= 0.05 && angle < 10 ? angle.toFixed(1) : Math.round(angle)}°`
}

// 1 for the rule's largest signal, 0 for what is DECADES smaller, on a log scale.
function share(size, largest) {
  if (!size || !largest) return 0
  return Math.min(1, Math.max(0, 1 + Math.log10(size / largest) / DECADES))
}

function widthOf(size, largest) {
  return THIN + (THICK - THIN) * share(size, largest)
}

function colourOf(angle) {
  if (angle === null) return "var(--quiet)"
  if (angle > 90) return `color-mix(in oklab, var(--away) ${Math.min(100, (100 * (angle - 90)) / (AWAY - 90)).toFixed(1)}%, var(--chance))`
  return `color-mix(in oklab, var(--chance) ${((100 * angle) / 90).toFixed(1)}%, var(--aligned))`
}

// Rows from the top: loss, readout L+1, blocks L … 1, input 0.
function geometry(blocks) {
  const crowded = blocks >= CROWDED
  const high = crowded ? 30 : 42
  const gap = crowded ? 34 : 54
  const near = 30 // between the readout and the loss lies no matrix
  const top = (number) => 6 + high + near + (blocks + 1 - number) * (high + gap)
  return {
    crowded,
    high,
    lossTop: 6,
    top,
    middle: (number) => top(number) + high / 2,
    between: (number) => top(number) + high + gap / 2, // of layer `number` and the one below: where W_number stands
    bottom: (number) => top(number) + high,
    height: top(0) + high + 6,
    shared: blocks > 2, // one trunk for the error that goes straight to every block
    outer: (number) => (blocks > 2 ? 344 : 322 + 26 * (blocks - number)),
  }
}

function arrowHead(x, y, towards, size) {
  const s = Math.max(7, size)
  if (towards === "up") return `M${x} ${y}l${-s / 1.6} ${s}h${(2 * s) / 1.6}z`
  if (towards === "left") return `M${x} ${y}l${s} ${-s / 1.6}v${(2 * s) / 1.6}z`
  return `M${x} ${y}l${-s / 1.6} ${-s}h${(2 * s) / 1.6}z`
}

function straight(x, from, to) {
  return `M${x} ${from}V${to}`
}

// From the loss to the right and down, outside of everything.
function trunk(g, x, y) {
  const r = 10
  return `M${BOX.x + BOX.w} ${g.lossTop + g.high / 2}H${x - r}q${r} 0 ${r} ${r}V${y - r}q0 ${r} ${-r} ${r}`
}

// And left into the block. Where there are many, they branch off one trunk.
function around(g, number) {
  const x = g.outer(number)
  const end = `H${BOX.x + BOX.w + 10}`
  return g.shared ? `M${x} ${g.middle(number)}${end}` : trunk(g, x, g.middle(number)) + end
}
