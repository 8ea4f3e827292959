// The table beside the charts: a row a line, with how it is drawn and its last values. It is the legend, too.

import { element, setText, svg } from "../charts/dom.js"
import { entryOf, marked, whenKnown } from "../words/explained.js"

const DASH_LENGTHS = { solid: "", dash: "7 5", dot: "2 4", dashdot: "7 4 2 4", longdash: "12 5", longdashdot: "12 4 2 4" }

export class LineList {
  constructor(owner) {
    this.owner = owner
    this.root = element("div", "dfa-lines")
    this.table = this.root.appendChild(element("table"))
    this.caption = this.table.appendChild(element("caption"))
    this.head = this.table.appendChild(element("thead"))
    this.body = this.table.appendChild(element("tbody"))
    this.rules = element("span")
    this.rows = []
    this.body.addEventListener("pointerleave", () => owner.highlight(null))
  }

  show(view) {
    this.caption.replaceChildren(`${view.value === "best" ? "Best" : "Last"} values, mean ± standard deviation over runs`)
    this.caption.append(element("span", "", "Point at a row to find its line; press its name to hide it."), this.rules)
    whenKnown(this.rules, () => spellOut(this.rules, [...new Set(view.groups.map(({ rule }) => rule))]))
    this.#showHead(view)
    while (this.rows.length > view.groups.length) this.rows.pop().root.remove()
    for (const [i, group] of view.groups.entries()) this.#showRow(group, i, view)
    this.refresh()
  }

  #showHead(view) {
    const titles = ["Line", "Runs", ...view.panels.map((panel) => panel.title)]
    if (this.head.dataset.titles === titles.join("|")) return
    this.head.dataset.titles = titles.join("|")
    const row = element("tr")
    row.append(...titles.map((title) => element("th", "", title, { scope: "col" })))
    this.head.replaceChildren(row)
  }

  #showRow(group, i, view) {
    const row = (this.rows[i] ??= this.#make(i))
    row.name = group.name
    const drawn = JSON.stringify([group.colour, group.dash, group.mark])
    if (row.root.dataset.drawn !== drawn) {
      row.root.dataset.drawn = drawn
      row.sample.replaceChildren(sampleOf(group))
    }
    setText(row.text, group.name)
    row.root.style.setProperty("--rule", group.colour)
    setText(row.runs, String(group.runs))
    while (row.cells.length > view.panels.length) row.cells.pop().remove()
    view.panels.forEach((panel, place) => {
      const cell = (row.cells[place] ??= row.root.appendChild(element("td")))
      const found = panel.cells[i]
      showFigure(cell, found)
      cell.title = found?.lost ? `${found.lost} of ${group.runs} runs have no number here` : ""
    })
  }

  #make(i) {
    const row = { root: element("tr"), cells: [] }
    row.button = element("button", "", "", { type: "button" })
    row.sample = element("span", "dfa-sample")
    row.text = element("span")
    row.button.append(row.sample, row.text)
    const head = element("th", "", "", { scope: "row" })
    head.append(row.button)
    row.runs = element("td")
    row.root.append(head, row.runs)
    row.root.addEventListener("pointerenter", () => this.owner.highlight(i))
    row.button.addEventListener("focus", () => this.owner.highlight(i))
    row.button.addEventListener("blur", () => this.owner.highlight(null))
    row.button.addEventListener("click", () => this.owner.toggle(row.name))
    this.body.append(row.root)
    return row
  }

  refresh() {
    for (const row of this.rows) {
      const shown = !this.owner.hidden.has(row.name)
      row.button.setAttribute("aria-pressed", shown)
      row.button.title = shown ? `Hide ${row.name}` : `Show ${row.name}`
    }
  }

  highlight(group) {
    for (const [i, row] of this.rows.entries()) row.root.classList.toggle("dfa-strong", i === group)
  }
}

// What the abbreviations of the rules stand for; those themselves are what hides the lines.
function spellOut(node, rules) {
  if (node.dataset.rules === rules.join()) return
  node.dataset.rules = rules.join()
  const words = rules.map((rule) => [rule, entryOf(rule)?.word.replace(`${rule}: `, "") ?? rule])
  node.replaceChildren(...words.flatMap(([rule, word], place) => [`${place ? "; " : ""}${rule}: `, marked(word, rule)]))
}

// A figure, and below it as of which step it is, where its experiment has gone on since.
function showFigure(cell, found) {
  const shown = [found ? found.text + (found.lost ? " *" : "") : "–", found?.as_of ?? ""]
  if (cell.dataset.shown === shown.join("|")) return
  cell.dataset.shown = shown.join("|")
  cell.replaceChildren(shown[0])
  if (shown[1]) cell.append(element("span", "dfa-as-of", shown[1]))
}

function sampleOf(group) {
  const { colour, dash, mark } = group
  const sample = svg("svg", { viewBox: "0 0 44 14", width: 44, height: 14, "aria-hidden": "true" })
  const line = { x1: 0, x2: 44, y1: 7, y2: 7, stroke: colour, "stroke-width": 3, "stroke-dasharray": DASH_LENGTHS[dash] }
  sample.append(svg("line", line))
  const shape = MARK_SHAPES[mark] ?? MARK_SHAPES.circle
  if (mark) sample.append(svg("path", { d: shape, transform: "translate(22 7)", fill: colour, stroke: colour }))
  return sample
}

// As plotly draws them, about a centre.
const MARK_SHAPES = {
  circle: "M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z",
  square: "M-4.5-4.5H4.5V4.5H-4.5Z",
  diamond: "M0-6L6 0L0 6L-6 0Z",
  "triangle-up": "M0-6L5.5 4.5H-5.5Z",
  "triangle-down": "M0 6L5.5-4.5H-5.5Z",
  x: "M-5-3L-3-5L0-2L3-5L5-3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0Z",
  cross: "M-2-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z",
  star: "M0-6.5L1.6-2L6.2-2L2.5.8L3.8 5.3L0 2.6L-3.8 5.3L-2.5.8L-6.2-2L-1.6-2Z",
  pentagon: "M0-5.8L5.5-1.8L3.4 4.7H-3.4L-5.5-1.8Z",
  hexagram: "M0-6L1.7-3H5.2L3.5 0L5.2 3H1.7L0 6L-1.7 3H-5.2L-3.5 0L-5.2-3H-1.7Z",
}
