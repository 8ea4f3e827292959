// From records and choices to the lines that plotly draws, and to what is said of them.

import { FEW_POINTS, solidStretches, translucent } from "../charts/plot_layout.js"
import { formatted, shownValue } from "./formatting.js"
import { meanSpacing, smoothed, worthDrawing } from "./records.js"

const POINTS_PER_PANEL = 9000 // shared by its traces: SVG needs about 10 ms for a thousand

// context: {view, store, choices, theme, range, width}
export function tracesOf(panel, context) {
  const { view, choices } = context
  const shown = view.runs.map((run, index) => ({ run, index })).filter(({ run }) => !choices.hidden.includes(run.rule))
  const spacing = densestSpacing(panel, context)
  const most = Math.min(context.width, Math.floor(POINTS_PER_PANEL / Math.max(1, shown.length * panel.curves.length)))
  const pieces = shown.flatMap(({ run, index }) =>
    panel.curves.map((curve) => tracesOfCurve(panel, curve, run, index, { ...context, spacing, most: Math.max(60, most) })),
  )
  // Bands below ghosts below lines, whichever run they belong to.
  return ["bands", "ghosts", "lines"].flatMap((kind) => pieces.flatMap((piece) => piece[kind] ?? []))
}

function densestSpacing(panel, { view, store }) {
  const all = view.runs.flatMap((_, run) => panel.curves.map((curve) => store.get(run, curve.metric, curve.layer)))
  const closest = Math.min(...all.filter(Boolean).map((series) => meanSpacing(series.step)))
  return closest > 0 && closest < Infinity ? closest : 1
}

function tracesOfCurve(panel, curve, run, index, context) {
  const series = context.store.get(index, curve.metric, curve.layer)
  if (!series) return {}
  const { choices } = context
  const raw = series.value.map((value) => drawable(shownValue(curve.metric, value, choices), panel))
  const line = smoothed(raw, choices.smoothing, series.step, context.spacing)
  const base = { series, run, index, curve, panel, context }
  return {
    bands: curve.spread ? bandTraces(base, line) : [],
    ghosts: choices.smoothing ? [ghostTrace(base, raw)] : [],
    lines: [lineTrace(base, line)],
  }
}

function drawable(value, panel) {
  return panel.logarithmic && value !== null && value <= 0 ? null : value
}

function lineWidth(run, curve, view) {
  const alone = view.runs.filter((other) => other.rule === run.rule).length === 1
  if (curve.train) return alone ? 1.75 : 1
  return alone ? 3 : 1.5
}

function lineTrace({ series, run, index, curve, panel, context }, values) {
  const points = pointsToDraw(series, values, context)
  const seeds = context.view.runs.some((other) => other.rule === run.rule && other.seed !== run.seed)
  const few = !curve.train && points.y.length <= FEW_POINTS
  return {
    ...points,
    uid: `${index}-${curve.metric}`, // plotly puts it into selectors: letters, digits and dashes only
    type: "scatter",
    mode: few ? "lines+markers" : "lines",
    name: [run.name, seeds ? `seed ${run.seed}` : "", panel.measure ? "" : curve.train ? "train" : "test"]
      .filter(Boolean)
      .join(" · "),
    line: {
      color: run.colour,
      width: lineWidth(run, curve, context.view) * (context.theme.large ? 1.6 : 1),
      dash: curve.train ? "dot" : "solid",
      simplify: false,
    },
    marker: { size: 8, color: run.colour },
    opacity: curve.train ? 0.9 : 1,
    connectgaps: false,
    hovertemplate: { "": "%{y:.3~g}", "%": "%{y:.1f} %", "°": "%{y:.1f}°", "×": "%{y:.3~g} ×" }[panel.unit],
  }
}

function ghostTrace({ series, run, index, curve, context }, raw) {
  return {
    ...pointsToDraw(series, raw, context),
    uid: `${index}-${curve.metric}-raw`,
    type: "scatter",
    mode: "lines",
    line: { color: run.colour, width: 1, dash: curve.train ? "dot" : "solid" },
    opacity: 0.28,
    connectgaps: false,
    hoverinfo: "skip",
  }
}

function bandTraces({ series, run, index, curve, context }, line) {
  const spread = context.store.get(index, curve.spread, curve.layer)
  if (!spread) return []
  const spreadAtStep = new Map(spread.step.map((step, i) => [step, spread.value[i]]))
  const rawWidths = series.step.map((step) => spreadAtStep.get(step) ?? null)
  const widths = smoothed(rawWidths, context.choices.smoothing, series.step, context.spacing)
  const { x, kept } = pointsToDraw(series, line, context)
  const seeds = context.view.runs.filter((other) => other.rule === run.rule).length
  return solidStretches(kept.map((i) => line[i] !== null && widths[i] !== null)).map(([from, to], stretch) => {
    const at = kept.slice(from, to)
    const along = x.slice(from, to)
    return {
      x: [...along, ...along.toReversed()],
      y: [...at.map((i) => line[i] + widths[i]), ...at.toReversed().map((i) => Math.max(0, line[i] - widths[i]))],
      uid: `${index}-${curve.metric}-band${stretch}`,
      type: "scatter",
      mode: "lines",
      line: { width: 0 },
      fill: "toself",
      fillcolor: translucent(run.colour, 0.18 / seeds),
      hoverinfo: "skip",
    }
  })
}

function pointsToDraw(series, values, { choices, range, most }) {
  const x = series[choices.x]
  const kept = worthDrawing(x, values, range, most)
  return { kept, x: kept.map((i) => x[i]), y: kept.map((i) => values[i]) }
}

export function sentenceOf(panel, { view, store, choices }) {
  const newest = panel.curves.map((curve) => {
    const values = view.runs.map((run, index) => {
      const value = shownValue(curve.metric, store.newest(index, curve.metric, curve.layer), choices)
      return value === null || choices.hidden.includes(run.rule) ? "" : `${run.name} ${formatted(value, panel.unit)}`
    })
    const words = values.filter(Boolean).join(", ")
    return words && `${curve.train ? "train " : panel.measure ? "" : "test "}${words}`
  })
  const known = newest.filter(Boolean).join("; ")
  return known ? `${panel.title}, newest values: ${known}.` : `${panel.title}: no values yet.`
}
