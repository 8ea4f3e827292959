// One rule's network, live: its units, the weights between them, and how the error comes back to each layer.
//
// Built once for a network and a width, then only what has changed is written. What it shows:
// {about: {title, way, path, matrix}, rule, layers, angles, ratios: by layer, null where there is none, glance: see glances.py,
// or null, still: what of it does not change, theme, large: for a projector}

import { colourOf } from "../charts/angle_colours.js"
import { element, setAttribute, setText, svg } from "../charts/dom.js"
import { pixel } from "../charts/theme.js"
import { headUp, placesOf, stepBack, straightBack } from "./network_places.js"
import { paintSigned, signedOf } from "./unit_pictures.js"

const ROWS = 4
const FEWER = 3 // where the screen is low
const FEWEST = 2 // where it is a laptop's at twice its size
const FAR = 10 // deepest network whose layers show single units
const LOW = matchMedia("(max-height: 820px)")
const LOWEST = matchMedia("(max-height: 600px)")
const SIGNAL = [1.5, 9] // thinnest and thickest error path

export class NetworkDrawing {
  // `point(unit or null, node)`: the viewer points at one, or at none
  constructor(point) {
    this.root = element("div", "dfa-network", "", { role: "img" })
    this.point = point
    this.sized = new ResizeObserver(() => this.shown && this.show(this.shown))
    this.sized.observe(this.root)
  }

  show(shown) {
    this.shown = shown
    const width = Math.floor(this.root.clientWidth)
    if (width < 60) return
    const columns = shown.glance?.columns ?? shown.layers.map(() => ({ shows: "nothing", units: 0, of: [ROWS, 0, 0] }))
    const rows = LOWEST.matches ? FEWEST : LOW.matches ? FEWER : ROWS
    const built = JSON.stringify([
      width,
      rows,
      shown.large,
      shown.layers.length,
      shown.about.path,
      shown.still?.names,
      columns.map(kindOf),
    ])
    if (built !== this.built) this.#build(width, rows, shown, columns)
    this.built = built
    this.#showError(shown)
    setAttribute(this.root, "aria-label", sentenceOf(shown))
    const drawn = `${shown.glance?.version} ${shown.theme?.background}`
    if (this.drawn === drawn) return
    this.drawn = drawn
    if (shown.glance) this.#paint(shown)
  }

  #build(width, rows, shown, columns) {
    const blocks = shown.layers.length
    this.blocks = blocks
    this.g = placesOf(width, blocks, rows, shown.large ? "large" : "plain")
    this.rows = rows
    this.drawn = null
    this.units = []
    this.lines = []
    this.svg = svg("svg", { width, height: this.g.height, "aria-hidden": "true" })
    this.root.replaceChildren(this.svg)
    this.root.style.height = `${this.g.height}px`
    const single = this.g.unit > 0 && blocks <= FAR
    this.counts = [0, ...columns.map(({ of }) => Math.min(rows, of[0])), Math.min(rows, shown.still?.names.length ?? rows)]
    this.counts[0] = shown.still?.places ? 2 : 1
    for (let column = 1; column <= blocks + 1; column++) this.#mesh(column, single)
    this.#inputs(shown)
    for (const [at, column] of columns.entries()) this.#column(at + 1, column, single)
    this.#outputs(shown)
    this.#error(shown)
  }

  // The weights between two columns. Where the units below are all in one place, a fan.
  #mesh(column, single) {
    const { g, counts } = this
    const half = single ? g.unit / 2 : g.narrow / 2
    const group = this.svg.appendChild(svg("g", { class: "mesh" }))
    const lines = []
    for (let to = 0; to < (single ? counts[column] : 1); to++) {
      for (let from = 0; from < (single ? counts[column - 1] : 1); from++) {
        const [x1, x2] = [g.across(column - 1) + half, g.across(column) - half]
        const [y1, y2] = single ? [g.down(from, counts[column - 1]), g.down(to, counts[column])] : [g.high / 2, g.high / 2]
        lines.push([to, from, group.appendChild(svg("path", { d: `M${x1} ${y1}L${x2} ${y2}` }))])
      }
    }
    this.lines.push(lines)
  }

  #inputs(shown) {
    const { g } = this
    const [x, image] = [g.across(0), shown.still?.images?.[0]]
    if (image) {
      const size = Math.min(2 * x, g.spacing - 6)
      const made = this.root.appendChild(element("img", "dfa-unit", "", { src: image, alt: "" }))
      place(made, x, g.high / 2, size)
      return
    }
    for (let n = 0; n < this.counts[0]; n++) {
      const y = g.down(n, this.counts[0])
      this.svg.append(svg("circle", { cx: x, cy: y, r: g.end, class: "end" }))
      const name = this.counts[0] > 1 ? `x${"₁₂"[n]}` : "x"
      this.svg.append(svg("text", { x, y, dy: "0.35em", class: "name" }, name))
    }
  }

  #column(number, { shows, of, units }, single) {
    const { g } = this
    const x = g.across(number)
    if (!single) {
      const wide = g.narrow
      this.svg.append(svg("rect", { x: x - wide / 2, y: 2, width: wide, height: g.high - 4, rx: 2, class: "bar" }))
      return
    }
    for (let n = 0; n < this.counts[number]; n++) {
      const y = g.down(n, this.counts[number])
      const canvas = this.root.appendChild(element("canvas", "dfa-unit", "", { "aria-hidden": "true" }))
      canvas.classList.toggle("dfa-sharp", shows !== "plane")
      place(canvas, x, y, g.unit)
      const unit = { number, n, canvas, shows, of, units }
      canvas.addEventListener("pointerenter", () => this.point(unit, canvas))
      canvas.addEventListener("pointerleave", () => this.point(null))
      this.units.push(unit)
    }
  }

  #outputs(shown) {
    const { g, blocks } = this
    const names = shown.still?.names ?? []
    const [x, count] = [g.across(blocks + 1), this.counts[blocks + 1]]
    for (let n = 0; n < count; n++) {
      const y = g.down(n, count)
      this.svg.append(svg("circle", { cx: x, cy: y, r: g.end, class: "end" }))
      this.svg.append(svg("text", { x, y, dy: "0.35em", class: "name" }, names[n]?.slice(0, 2) ?? ""))
    }
  }

  #error({ about }) {
    const { g, blocks } = this
    const x = g.across(blocks + 1)
    this.edges = new Map()
    this.svg.append(svg("path", { d: `M${x} ${g.high}V${g.base}`, class: "down" }))
    for (let number = blocks; number >= 1 && about.path !== "none"; number--) {
      const direct = about.path === "direct"
      const d = direct ? straightBack(g, number, blocks) : stepBack(g, number)
      const group = this.svg.appendChild(svg("g", { class: "back" }))
      const title = group.appendChild(svg("title"))
      const line = group.appendChild(svg("path", { d, class: "line" }))
      const head = group.appendChild(svg("path", { class: "head" }))
      this.edges.set(number, { group, title, line, head })
    }
    for (const [number, edge] of this.edges) {
      edge.text = this.svg.appendChild(svg("text", { x: g.across(number) - 7, y: g.base - 8, class: "angle" }))
    }
    if (about.path === "chain" && g.spacing > 26) {
      for (let number = blocks; number >= 1; number--)
        this.#letter(about.matrix, (g.across(number) + g.across(number + 1)) / 2, g.base + 16)
    }
    if (about.path === "direct") this.#letter("B", g.across(blocks + 0.45), g.base + 30)
    this.svg.append(
      svg("circle", { cx: x, cy: g.base, r: g.end, class: "e" }),
      svg("text", { x, y: g.base, dy: "0.35em", class: "e" }, "e"),
    )
  }

  #letter(letter, x, y) {
    this.svg.append(svg("text", { x, y, class: `letter ${letter}` }, letter))
  }

  #showError({ layers, angles, ratios }) {
    for (const [number, edge] of this.edges) {
      const at = layers.indexOf(number)
      const [angle, ratio] = [angles[at] ?? null, ratios[at] ?? null]
      const wide = widthOf(ratio)
      edge.group.style.setProperty("--wide", `${wide.toFixed(1)}px`)
      edge.group.style.setProperty("--angle", colourOf(angle))
      setAttribute(edge.head, "d", headUp(this.g.across(number), this.g.high + 1, wide))
      setText(edge.title, arrival(number, angle, ratio))
      const written = (this.blocks - number) % this.g.every === 0
      setText(edge.text, angle === null || !written ? "" : `${Math.round(angle)}°`)
    }
  }

  #paint({ glance, still, theme }) {
    const ground = pixel(theme.background)
    for (const unit of this.units) {
      const column = glance.columns[unit.number - 1]
      const [, high, wide] = column.of
      if (!high || !wide) continue
      column.read ??= signedOf(column.values)
      unit.values = column.read.subarray(unit.n * high * wide, (unit.n + 1) * high * wide)
      paintSigned(unit.canvas, unit.values, wide, high, ground, still.signed)
    }
    const [plus, minus] = still.signed.map((colour) => `rgb(${colour})`)
    for (const [at, lines] of this.lines.entries()) {
      const mesh = glance.meshes[at]
      if (!mesh) continue
      mesh.read ??= signedOf(mesh.values)
      const [rows, columns] = mesh.of
      for (const [to, from, line] of lines) {
        const size = to < rows && from < columns ? mesh.read[to * columns + from] / 127 : 0
        line.style.stroke = size > 0 ? plus : minus
        line.style.strokeWidth = `${(0.4 + 2.6 * Math.abs(size)).toFixed(2)}px`
        line.style.opacity = (0.15 + 0.7 * Math.abs(size)).toFixed(2)
      }
    }
  }

  unmount() {
    this.sized.disconnect()
  }
}

function kindOf({ shows, of }) {
  return [shows, of]
}

function place(node, x, y, size) {
  Object.assign(node.style, { left: `${x - size / 2}px`, top: `${y - size / 2}px`, width: `${size}px`, height: `${size}px` })
}

// By how long it is beside the true gradient: the same width means the same length.
function widthOf(ratio) {
  const [thin, thick] = SIGNAL
  return ratio ? Math.min(thick, Math.max(thin, 3.5 * Math.sqrt(ratio))) : thin
}

function arrival(number, angle, ratio) {
  const direction = angle === null ? "has no direction" : `points ${angle.toFixed(1)}° away from the true gradient`
  return `Layer ${number}: what arrives ${direction}${ratio ? ` and is ${Number(ratio.toPrecision(2))} times as long` : ""}`
}

function sentenceOf({ about, layers, angles }) {
  const known = layers
    .map((layer, at) => (angles[at] === null ? "" : `layer ${layer} ${angles[at].toFixed(0)}°`))
    .filter(Boolean)
  const arrives = known.length ? `. From backprop's direction: ${known.join(", ")}` : ""
  return `${about.title}: ${about.way}${arrives}.`
}
