// One rule's diagram. Built once for a network, then only what has changed is written.

import { colourOf } from "../charts/angle_colours.js"
import { setAttribute, setText, svg } from "../charts/dom.js"
import { around, arrowHead, BOX, DOWN, geometry, straight, THIN, trunk, UP, WIDTH, widthOf } from "./geometry.js"
import { degrees, numbered, short } from "./symbols.js"

export class Diagram {
  constructor(panel, chosen, choose) {
    this.blocks = panel.parts.length - 1
    this.g = geometry(this.blocks)
    this.choose = choose
    this.nodes = new Map() // number of a layer -> its group and texts
    this.edges = new Map() // number of a block -> the line on which its error arrives
    this.root = svg("svg", { viewBox: `0 0 ${WIDTH} ${this.g.height}`, class: "dfa-path-drawing", role: "group" })
    this.root.append(svg("title", {}, `How the error reaches each layer under ${panel.rule}`))
    this.#hatching(panel)
    this.#forward(panel)
    this.#error(panel)
    this.#loss()
    for (const [place, part] of panel.parts.entries()) this.#node(panel, place + 1, part)
    this.#input(panel)
    this.show(panel, chosen)
  }

  #hatching(panel) {
    const id = `dfa-path-random-${panel.rule}`
    const pattern = svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(35)" })
    pattern.append(svg("rect", { width: 6, height: 6, class: "ground" }), svg("path", { d: "M0 0v6", class: "hatch" }))
    this.root.append(pattern)
    this.random = `url(#${id})`
  }

  #forward(panel) {
    const { g } = this
    for (let number = 1; number <= this.blocks + 1; number++) {
      const [from, to] = [g.top(number - 1), g.bottom(number)]
      const group = svg("g", { class: "forward" })
      group.append(svg("path", { d: straight(UP, from, to + 6), class: "line" }))
      group.append(svg("path", { d: straight(UP, from, to + 6), class: "flow" }))
      group.append(svg("path", { d: arrowHead(UP, to, "up", 7), class: "head" }))
      this.root.append(group)
      const both = panel.path === "chain" && panel.matrix === "W" && number > 1
      if (!both) this.#matrix("W", number, UP, g.between(number), { frozen: panel.path === "none" && number <= this.blocks })
    }
    const group = svg("g", { class: "forward" })
    const [from, to] = [g.top(this.blocks + 1), g.lossTop + g.high]
    group.append(
      svg("path", { d: straight(UP, from, to + 6), class: "line" }),
      svg("path", { d: straight(UP, from, to + 6), class: "flow" }),
    )
    group.append(svg("path", { d: arrowHead(UP, to, "up", 7), class: "head" }))
    this.root.append(group)
  }

  #error(panel) {
    const { g } = this
    const from = g.lossTop + g.high
    const e = svg("g", { class: "edge e" })
    const to = g.top(this.blocks + 1)
    e.append(
      svg("path", { d: straight(DOWN, from, to - 8), class: "line" }),
      svg("path", { d: straight(DOWN, from, to - 8), class: "flow" }),
    )
    e.append(
      svg("path", { d: arrowHead(DOWN, to, "down", 10), class: "head" }),
      svg("text", { x: DOWN + 14, y: (from + to) / 2 + 5 }, "e"),
    )
    this.root.append(e)
    if (panel.path === "none") return
    if (panel.path === "direct" && g.shared) {
      const group = svg("g", { class: "edge trunk" })
      const way = trunk(g, g.outer(1), g.middle(1))
      group.append(svg("path", { d: way, class: "line" }), svg("path", { d: way, class: "flow" }))
      this.root.append(group)
    }
    for (let number = this.blocks; number >= 1; number--) {
      const direct = panel.path === "direct"
      const way = direct ? around(g, number) : straight(DOWN, g.bottom(number + 1), g.top(number) - 12)
      const group = svg("g", { class: "edge" })
      const line = svg("path", { d: way, class: "line" })
      const flow = svg("path", { d: way, class: "flow" })
      const head = svg("path", { class: "head" })
      group.append(line, flow, head)
      this.root.append(group)
      this.edges.set(number, { group, line, head, direct, number })
    }
    for (const number of this.edges.keys()) {
      if (panel.path === "direct") this.#matrix("B", number, 294, g.middle(number), { random: true })
      else if (panel.matrix === "B") this.#matrix("B", number + 1, DOWN, g.between(number + 1), { random: true })
      else this.#matrix("W", number + 1, (UP + DOWN) / 2, g.between(number + 1), { wide: true })
    }
  }

  #matrix(letter, number, x, y, { random, wide, frozen }) {
    const half = wide ? (DOWN - UP) / 2 + 20 : 20
    const group = svg("g", { class: `matrix ${letter}${wide ? " both" : ""}${frozen ? " frozen" : ""}` })
    const rect = svg("rect", { x: x - half, y: y - 11, width: 2 * half, height: 22, rx: 3 })
    if (random) rect.style.fill = this.random
    group.append(rect, svg("text", { x, y: y + 5, "text-anchor": "middle" }, numbered(letter, number)))
    this.root.append(group)
  }

  #loss() {
    const { g } = this
    const group = svg("g", { class: "loss" })
    group.append(svg("rect", { x: BOX.x, y: g.lossTop, width: BOX.w, height: g.high, rx: g.high / 2 }))
    group.append(
      svg("text", { x: BOX.x + BOX.w / 2, y: g.lossTop + g.high / 2 + 5, "text-anchor": "middle" }, "loss: y against t"),
    )
    this.root.append(group)
  }

  #input(panel) {
    const { g } = this
    const group = svg("g", { class: "input" })
    group.append(svg("rect", { x: BOX.x, y: g.top(0), width: BOX.w, height: g.high, rx: 4 }))
    group.append(
      svg("text", { x: BOX.x + BOX.w / 2, y: g.middle(0) + 5, "text-anchor": "middle" }, `x   ${panel.input.join("×")}`),
    )
    this.root.append(group)
  }

  #node(panel, number, part) {
    const { g } = this
    const name = number > this.blocks ? "y" : numbered("h", number)
    const group = svg("g", { class: "layer", tabindex: 0, role: "button", "data-layer": number })
    const rect = svg("rect", { x: BOX.x, y: g.top(number), width: BOX.w, height: g.high, rx: 6 })
    const text = svg(
      "text",
      { x: BOX.x + BOX.w / 2, y: g.middle(number) + 5, "text-anchor": "middle" },
      `${name}   ${part.shape.join("×")}`,
    )
    const angle = svg("text", {
      x: BOX.x + BOX.w + 10,
      y: g.middle(number) - (panel.path === "direct" ? 11 : 2),
      class: "angle",
    })
    const size = svg("text", {
      x: BOX.x + BOX.w + 10,
      y: g.middle(number) + (panel.path === "direct" ? 23 : 15),
      class: "size",
    })
    group.append(rect, text)
    this.root.append(group, angle, size)
    group.addEventListener("click", () => this.choose(number))
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return
      event.preventDefault() // Space scrolls, and is a shortcut of the page's
      event.stopPropagation()
      this.choose(number)
    })
    this.nodes.set(number, { group, angle, size, name: number > this.blocks ? "Readout" : `Block ${number}` })
  }

  show(panel, chosen) {
    for (const [place, part] of panel.parts.entries()) this.#showNode(panel, place + 1, part, chosen)
    for (const [number, edge] of this.edges) this.#showEdge(edge, panel.parts[number - 1], panel.largest)
  }

  #showNode(panel, number, part, chosen) {
    const node = this.nodes.get(number)
    const top = number > this.blocks
    setText(node.angle, top ? "" : part.signal === null ? "no signal" : degrees(part.angle))
    setText(node.size, top || part.signal === null ? "" : `δ̂ ${short(part.signal)}`)
    setAttribute(node.group, "aria-expanded", number === chosen)
    const arrives = top
      ? "gets the output error itself"
      : part.signal === null
        ? "no error arrives"
        : `the error arrives ${part.angle === null ? "without an angle" : `at ${degrees(part.angle)} to the true gradient`}, size ${short(part.signal)}`
    setAttribute(node.group, "aria-label", `${node.name}, ${panel.rule}: ${arrives}. Details`)
  }

  #showEdge(edge, part, largest) {
    const width = part.signal === null ? THIN : widthOf(part.signal, largest)
    const [x, y] = edge.direct ? [BOX.x + BOX.w, this.g.middle(edge.number)] : [DOWN, this.g.top(edge.number)]
    edge.group.style.setProperty("--wide", `${width.toFixed(2)}px`)
    edge.group.style.setProperty("--angle", part.signal ? colourOf(part.angle) : "var(--quiet)")
    setAttribute(edge.group, "data-empty", !part.signal)
    setAttribute(edge.head, "d", arrowHead(x, y, edge.direct ? "left" : "down", width + 4))
  }
}
