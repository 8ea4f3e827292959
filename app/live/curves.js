// From records and choices to the lines that plotly draws, and to what is said of them.

import { FEW_POINTS, solidStretches, translucent } from "../charts/plot_layout.js"
import { formatted, shownValue } from "./formatting.js"
import { meanSpacing, smoothed, worthDrawing } from "./records.js"
import { spread, together } from "./seeds.js"

const POINTS_PER_PANEL = 9000 // shared by its traces: SVG needs about 10 ms for a thousand

// context: {view, store, choices, theme, range, width}
export function tracesOf(panel, context) {
  const { choices } = context
  const shown = linesOf(context).filter(({ run }) => !choices.hidden.includes(run.rule))
  const spacing = densestSpacing(panel, context)
  const most = Math.min(context.width, Math.floor(POINTS_PER_PANEL / Math.max(1, shown.length * panel.curves.length)))
  const pieces = shown.flatMap((run) =>
    panel.curves.map((curve) => tracesOfCurve(panel, curve, run, { ...context, spacing, most: Math.max(60, most) })),
  )
  // Bands below ghosts below lines, whichever run they belong to.
  return ["bands", "ghosts", "lines"].flatMap((kind) => pieces.flatMap((piece) => piece[kind] ?? []))
}

// What is drawn as one line: a run, or all seeds of a rule. {run: one of them, indices, seeds: how many are one}
export function linesOf({ view, choices }) {
  const runs = view.runs.map((run, index) => ({ run, indices: [index], seeds: 1 }))
  if (choices.each) return runs
  const rules = Map.groupBy(runs, ({ run }) => run.rule)
  return [...rules.values()].map((of) => ({ run: of[0].run, indices: of.flatMap(({ indices }) => indices), seeds: of.length }))
}

function densestSpacing(panel, { view, store }) {
  const all = view.runs.flatMap((_, run) => panel.curves.map((curve) => store.get(run, curve.metric, curve.layer)))
  const closest = Math.min(...all.filter(Boolean).map((series) => meanSpacing(series.step)))
  return closest > 0 && closest < Infinity ? closest : 1
}

function tracesOfCurve(panel, curve, { run, indices, seeds }, context) {
  const all = indices.map((index) => context.store.get(index, curve.metric, curve.layer))
  if (all.includes(undefined)) return {}
  const series = seeds > 1 ? together(all) : all[0]
  const { choices } = context
  const drawn = (value) => drawable(shownValue(curve.metric, value, choices), panel)
  const smooth = (values) => smoothed(values.map(drawn), choices.smoothing, series.step, context.spacing)
  const raw = series.value.map(drawn)
  const line = smooth(series.value)
  const base = { series, run, seeds, index: indices[0], curve, panel, context }
  return {
    bands:
      seeds > 1
        ? bandTraces(base, ...[series.low, series.high].map((edge) => within(panel, smooth(edge))))
        : samplesBand(base, line),
    ghosts: choices.smoothing ? [ghostTrace(base, raw)] : [],
    lines: [lineTrace(base, line)],
  }
}

// No band where no value can be: nothing that is drawn is below 0, and no share above 100 %.
function within(panel, values) {
  const most = panel.unit === "%" ? 100 : Infinity
  return values.map((value) => (value === null ? null : Math.min(most, Math.max(0, value))))
}

function drawable(value, panel) {
  return panel.logarithmic && value !== null && value <= 0 ? null : value
}

// Where each measured value has its marker, what joins them is thin: nobody measured it.
function lineWidth(curve, alone, few) {
  if (curve.train) return alone ? 1.75 : 1
  return alone && !few ? 3 : 1.5
}

function lineTrace({ series, run, seeds, index, curve, panel, context }, values) {
  const points = pointsToDraw(series, values, context)
  const others = context.view.runs.filter((other) => other.rule === run.rule).length - seeds
  const few = !curve.train && points.y.length <= FEW_POINTS
  const whose = seeds > 1 ? `mean of ${seeds} seeds` : others ? `seed ${run.seed}` : ""
  return {
    ...points,
    uid: `${index}-${curve.metric}`, // plotly puts it into selectors: letters, digits and dashes only
    type: "scatter",
    mode: few ? "lines+markers" : "lines",
    name: [run.name, whose, panel.measure ? "" : curve.train ? "train" : "test"].filter(Boolean).join(" · "),
    line: {
      color: run.colour,
      width: lineWidth(curve, !others, few) * (context.theme.large ? 1.6 : 1),
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

// One run's spread over the samples of the probe, where that is measured.
function samplesBand(base, line) {
  const { series, index, curve, context } = base
  const measured = curve.spread && context.store.get(index, curve.spread, curve.layer)
  if (!measured) return []
  const spreadAtStep = new Map(measured.step.map((step, i) => [step, measured.value[i]]))
  const rawWidths = series.step.map((step) => spreadAtStep.get(step) ?? null)
  const widths = smoothed(rawWidths, context.choices.smoothing, series.step, context.spacing)
  const edge = (sign) => line.map((y, i) => (y === null || widths[i] === null ? null : y + sign * widths[i]))
  return bandTraces(base, within(base.panel, edge(-1)), within(base.panel, edge(1)))
}

function bandTraces({ series, run, seeds, index, curve, context }, low, high) {
  const { x, kept } = pointsToDraw(series, high, context)
  const lines = context.view.runs.filter((other) => other.rule === run.rule).length - seeds + 1
  return solidStretches(kept.map((i) => low[i] !== null && high[i] !== null)).map(([from, to], stretch) => {
    const at = kept.slice(from, to)
    const along = x.slice(from, to)
    return {
      x: [...along, ...along.toReversed()],
      y: [...at.map((i) => high[i]), ...at.toReversed().map((i) => low[i])],
      uid: `${index}-${curve.metric}-band${stretch}`,
      type: "scatter",
      mode: "lines",
      line: { width: 0 },
      fill: "toself",
      fillcolor: translucent(run.colour, 0.18 / lines),
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
    const values = linesOf({ view, choices }).map(({ run, indices, seeds }) => {
      const all = indices.map((index) => shownValue(curve.metric, store.newest(index, curve.metric, curve.layer), choices))
      const { mean, deviation } = spread(all)
      if (mean === null || choices.hidden.includes(run.rule)) return ""
      const over = seeds > 1 ? ` ± ${formatted(deviation, panel.unit)} over ${seeds} seeds` : ""
      return `${run.name} ${formatted(mean, panel.unit)}${over}`
    })
    const words = values.filter(Boolean).join(", ")
    return words && `${curve.train ? "train " : panel.measure ? "" : "test "}${words}`
  })
  const known = newest.filter(Boolean).join("; ")
  return known ? `${panel.title}, newest values: ${known}.` : `${panel.title}: no values yet.`
}
