// The maps of the page "Angles": layer × step, one for each rule.
// A map: {rule, steps, rows, values: [row][step], scale: {colours, low, high, words, of(value)}}

import { element } from "../charts/dom.js"
import { axisOf, layoutOf } from "../charts/plot_layout.js"
import { count, formatted } from "./formatting.js"
import { MEASURES } from "./measures.js"

// Blue and orange are told apart by everyone; the pale middle is what to compare with: 90°, or two vectors of one size.
// Colours change fastest around it, where a few degrees tell alignment from chance.
const DIVERGING = [
  [0, "#08306b"],
  [0.2, "#2171b5"],
  [0.36, "#6baed6"],
  [0.5, "#f2f2f2"],
  [0.64, "#fdae6b"],
  [0.8, "#e6640f"],
  [1, "#7f2704"],
]
const SEQUENTIAL = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"].map((colour, i) => [i / 5, colour])

// How the values of a unit become colours. words: along the scale; of(value): its place on it; `most`: directions there can be
function scaleOf(unit, most) {
  const logarithm = (value) => (value > 0 ? Math.log10(value) : null)
  const itself = (value) => value
  const angles = ["0° true gradient", "90° chance", "180°"]
  const ratios = ["1/100", "1, as large as bp's", "100 ×"]
  if (unit === "°") return { colours: DIVERGING, low: 0, high: 180, words: angles, of: itself }
  if (unit === "×") return { colours: DIVERGING, low: -2, high: 2, words: ratios, of: logarithm }
  if (unit === "%")
    return { colours: SEQUENTIAL, low: 0, high: 100, words: ["0 %", "50 %", "100 %"], of: (value) => 100 * value }
  return { colours: SEQUENTIAL, low: 0, high: most, words: ["0", `${most} directions`], of: itself }
}

function mostDirections(view) {
  return Math.max(2, ...Object.values(view.most_directions ?? {}))
}

export function heatPanels(view, choices) {
  const heat = view.heat
  if (!heat) return []
  const measure = MEASURES[heat.measure]
  const scale = scaleOf(measure.unit, mostDirections(view))
  return Object.entries(heat.rules)
    .filter(([rule]) => !choices.hidden.includes(rule))
    .map(([rule, { steps, rows, values }]) => {
      const seeds = view.runs.filter((run) => run.rule === rule).length
      const title = `${rule} · ${measure.name.toLowerCase()}${seeds > 1 ? ` · mean of ${seeds} seeds` : ""}`
      return { key: `heat:${rule}`, title, unit: measure.unit, measure, curves: [], heat: { rule, steps, rows, values, scale } }
    })
}

export function heatTraces({ heat, unit }) {
  const { steps, rows, values, scale } = heat
  if (!steps.length) return []
  const percent = unit === "%" ? 100 : 1
  return [
    {
      type: "heatmap",
      uid: "map",
      x: steps,
      y: rows.map((_, i) => i),
      z: values.map((row) => row.map((value) => (value === null ? null : scale.of(value)))),
      text: values.map((row, i) =>
        row.map(
          (value, j) =>
            `${rowName(rows[i])}, step ${count.format(steps[j])}: ${value === null ? "none" : formatted(percent * value, unit)}`,
        ),
      ),
      hovertemplate: "%{text}<extra></extra>",
      hoverongaps: false,
      zmin: scale.low,
      zmax: scale.high,
      colorscale: scale.colours,
      ygap: rows.length <= 12 ? 2 : 0,
      showscale: false,
    },
  ]
}

function rowName(row) {
  return /^\d+$/.test(row) ? `layer ${row}` : row
}

export function heatLayout({ title, heat }, context) {
  const { rows } = heat
  const { theme, zoomedY } = context
  const every = Math.max(1, Math.ceil(rows.length / 10))
  const named = rows.map((row, i) => [i, row]).filter(([i, row]) => i % every === 0 || !/^\d+$/.test(row))
  return {
    ...layoutOf({ title, unit: "", measure: null }, [], context),
    hovermode: "closest",
    yaxis: {
      ...axisOf(theme),
      showgrid: false,
      title: { text: rows.length > 12 ? "layer" : "", standoff: 4 },
      range: zoomedY ? [...zoomedY] : [-0.5, rows.length - 0.5],
      autorange: false,
      tickmode: "array",
      tickvals: named.map(([i]) => i),
      ticktext: named.map(([, row]) => row.replace("whole network", "all")),
    },
  }
}

export function heatSentence({ title, heat, unit }) {
  const newest = heat.rows
    .map((row, i) => [row, heat.values[i].findLast((value) => value !== null)])
    .filter(([, value]) => value !== undefined)
  if (!newest.length) return `${title}: no values yet.`
  const some = newest.length > 12 ? [newest[0], newest[newest.length >> 1], newest.at(-1)] : newest
  const percent = unit === "%" ? 100 : 1
  return `${title}, layers upwards and steps to the right. Newest values: ${some.map(([row, value]) => `${rowName(row)} ${formatted(percent * value, unit)}`).join(", ")}.`
}

// The colours in words, once for all maps.
export class ScaleKey {
  constructor() {
    this.root = element("div", "dfa-scale", "", { role: "img" })
    this.bar = this.root.appendChild(element("div", "dfa-scale-bar"))
    this.words = this.root.appendChild(element("div", "dfa-scale-words"))
  }

  show(view) {
    this.root.hidden = !view.heat
    if (!view.heat) return
    const { colours, words } = scaleOf(MEASURES[view.heat.measure].unit, mostDirections(view))
    this.bar.style.background = `linear-gradient(to right, ${colours.map(([at, colour]) => `${colour} ${100 * at}%`).join(", ")})`
    this.root.setAttribute("aria-label", `Colours: from ${words.join(", ")}. Blank: there is no value.`)
    if (this.words.textContent !== words.join("")) this.words.replaceChildren(...words.map((word) => element("span", "", word)))
  }
}
