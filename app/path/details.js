// What is told of one layer, under the diagram of its rule.

import { element, setText, svg } from "../charts/dom.js"
import { explain } from "../words/explained.js"
import { degrees, numbered, short } from "./symbols.js"

// [text, "" | "sub" | "sup"] pieces with ℓ as this number; null: as it is.
export function equation(pieces, number) {
  const made = element("span", "dfa-path-equation")
  for (const [text, kind] of pieces) {
    const filled =
      number === null
        ? text
        : text.replace(/ℓ(?:([+−])(\d+))?/g, (_, sign, by) => number + (sign ? (sign === "+" ? 1 : -1) * Number(by) : 0))
    made.append(kind ? element(kind, "", filled) : document.createTextNode(filled))
  }
  return made
}

function histogram(B) {
  const high = 40
  const most = Math.max(...B.counts, 1)
  const drawn = svg("svg", { viewBox: `0 0 ${B.counts.length * 8} ${high}`, class: "dfa-path-histogram", role: "img" })
  drawn.setAttribute("aria-label", `Distribution of the entries of B, from ${short(-B.reach)} to ${short(B.reach)}`)
  B.counts.forEach((count, place) => {
    const size = (high * count) / most
    drawn.append(svg("rect", { x: 8 * place + 0.5, y: high - size, width: 7, height: size }))
  })
  return drawn
}

export class Details {
  constructor(close) {
    this.root = element("section", "dfa-path-details")
    const head = element("div", "dfa-path-details-head")
    this.title = element("h2")
    const button = element("button", "", "Close", { type: "button" })
    button.addEventListener("click", close)
    head.append(this.title, button)
    this.list = element("dl")
    this.values = new Map()
    this.way = element("p", "dfa-path-way")
    this.picture = element("div")
    this.root.append(head, this.way, this.list, this.picture)
  }

  show(panel, number) {
    this.root.hidden = number === null || number > panel.parts.length
    if (this.root.hidden) return
    const readout = number === panel.parts.length
    const part = panel.parts[number - 1]
    setText(this.title, readout ? `Readout, ${panel.rule}` : `Block ${number}, ${panel.rule}`)
    this.root.setAttribute("aria-label", this.title.textContent)
    this.#equation(panel, number, readout)
    const B = part.B && !readout ? part.B : null
    const letter = panel.path === "direct" ? numbered("B", number) : numbered("B", number + 1)
    this.#rows([
      ["Output", part.shape.length > 1 ? part.shape.join("×") : null],
      ["Units", part.shape.reduce((a, b) => a * b, 1).toLocaleString("en-US")],
      ["Parameters", part.parameters.toLocaleString("en-US")],
      ["Weights", part.layers.map((shape) => shape.join("×")).join(", ") || "none"],
      ["|W|", short(part.norm)],
      [`Mean of ${readout ? "y" : numbered("h", number)}`, short(part.h)],
      ["Saturated", part.saturated === null ? null : `${(100 * part.saturated).toFixed(0)} % of the units and samples`],
      ["δ̂ that arrives", readout ? null : part.signal === null ? "none" : short(part.signal)],
      ["δ, the true gradient", short(part.true)],
      ["δ̂ / δ", readout || !part.signal || !part.true ? null : short(part.signal / part.true)],
      ["Angle between them", readout || part.signal === null ? null : degrees(part.angle)],
      [letter, B && `${B.shape.join("×")}, |${letter}| = ${short(B.norm)}, entries up to ±${short(B.reach)}`],
    ])
    const drawn = B ? JSON.stringify(B.counts) : ""
    if (drawn !== this.drawn) this.picture.replaceChildren(...(B ? [histogram(B)] : []))
    this.drawn = drawn
  }

  #equation(panel, number, readout) {
    const key = `${panel.rule} ${number} ${panel.parts.length}`
    if (key === this.shown) return
    this.shown = key
    if (readout) this.way.replaceChildren("Every rule gives the readout the true gradient: it gets e itself.")
    else {
      this.way.replaceChildren(equation(panel.equation, number))
      const above = panel.path === "chain" && number === panel.parts.length - 1
      if (above) this.way.append(element("small", "", "Above is the readout: e stands for what is in the parentheses."))
    }
  }

  #rows(rows) {
    const wanted = rows.filter(([, value]) => value !== null)
    const names = wanted.map(([name]) => name).join("|")
    if (names !== this.names) {
      this.names = names
      this.values.clear()
      this.list.replaceChildren(
        ...wanted.map(([name]) => {
          const row = element("div")
          const value = element("dd")
          this.values.set(name, value)
          row.append(element("dt"), value)
          explain(row.firstChild, name)
          return row
        }),
      )
    }
    for (const [name, value] of wanted) setText(this.values.get(name), value)
  }
}
