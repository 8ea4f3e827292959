// From records and choices to what plotly draws: which panels there are, their traces and their layout.

const MARGIN = { l: 62, r: 18, t: 12, b: 52 }
const LARGE_MARGIN = { l: 84, r: 24, t: 14, b: 72 }
const FEW_POINTS = 25 // up to here each test value gets a marker
const POINTS_PER_PANEL = 9000 // shared by its traces: SVG needs about 10 ms for a thousand
const AXIS_TITLES = { step: "step", epoch: "epoch", samples: "training samples", seconds: "seconds of training" }

function marginOf(theme) {
  return theme?.large ? LARGE_MARGIN : MARGIN
}

// ---- panels ----

function learningPanels(choices, eps) {
  const kinds = eps ? [["", ""], ["_adversarial", ` · inputs moved by ε = ${eps}`]] : [["", ""]]
  const error = choices.accuracy ? "Accuracy" : "Error"
  return kinds.flatMap(([kind, inputs]) => [
    { key: `loss${kind}`, title: `Loss${inputs}`, unit: "", curves: both("loss", kind), logarithmic: choices.log },
    { key: `error${kind}`, title: error + inputs, unit: "%", curves: both("error", kind) },
  ])
}

function both(what, kind) {
  return [curve(`train_${what}${kind}`), curve(`test_${what}${kind}`)]
}

// What is measured layer by layer. unit: "°", "×" (a ratio, logarithmic), "%" or "" (a number of directions); whole: there is
// also a value of the whole network and of the readout.
const MEASURES = {
  signal: { name: "Signal angle", metric: "signal_angle", spread: "signal_angle_std", unit: "°" },
  gradient: { name: "Weight gradient", metric: "gradient_angle", unit: "°", whole: true },
  update: { name: "Update", metric: "update_angle", unit: "°", whole: true },
  feedback: { name: "Feedback–weight", metric: "feedback_angle", unit: "°" },
  signal_ratio: { name: "Signal size ratio", metric: "signal_ratio", unit: "×" },
  gradient_ratio: { name: "Gradient size ratio", metric: "gradient_ratio", unit: "×", whole: true },
  saturated: { name: "Saturated", metric: "saturated", unit: "%" },
  dead: { name: "Dead", metric: "dead", unit: "%" },
  rank: { name: "Effective rank", metric: "effective_rank", unit: "" },
}

function anglePanels(layers, choices) {
  const measure = MEASURES[choices.angle]
  const word = measure.name.toLowerCase()
  const hidden = layers.map((layer) => measurePanel(`angle:${layer}`, `Layer ${layer} · ${word}`, measure, layer))
  if (!measure.whole) return hidden
  const readout = Math.max(0, ...layers) + 1
  return [
    measurePanel("angle:all", `Whole network · ${word}`, measure, null),
    ...hidden,
    measurePanel(`angle:${readout}`, `Readout · ${word}`, measure, readout),
  ]
}

function measurePanel(key, title, measure, layer) {
  const { metric, spread, unit } = measure
  const one = { ...curve(metric, layer), ...(spread ? { spread } : {}) }
  return { key, title, unit, measure, angle: unit === "°", logarithmic: unit === "×", curves: [one], layer }
}

function curve(metric, layer = null) {
  return { metric, layer, train: metric.startsWith("train_") }
}

// ---- values ----

function shownValue(metric, value, choices) {
  if (value === null) return null
  if (/^(train|test)_error/.test(metric)) return 100 * (choices.accuracy ? 1 - value : value)
  if (metric === "saturated" || metric === "dead") return 100 * value
  return value
}

function formatted(value, unit) {
  if (value === null || value === undefined) return "–"
  if (unit === "%") return `${value.toFixed(value < 10 || value > 90 ? 2 : 1)} %`
  if (unit === "°") return `${value.toFixed(1)}°`
  if (unit === "×") return `${Number(value.toPrecision(3))} ×`
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function fullRange(store, axis) {
  return [0, store.last[axis] || 1]
}

// ---- traces ----

function tracesOf(panel, context) {
  if (panel.heat) return heatTraces(panel)
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
    name: [run.name, seeds ? `seed ${run.seed}` : "", panel.measure ? "" : curve.train ? "train" : "test"].filter(Boolean).join(" · "),
    line: { color: run.colour, width: lineWidth(run, curve, context.view) * (context.theme.large ? 1.6 : 1), dash: curve.train ? "dot" : "solid", simplify: false },
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

// A filled outline cannot have gaps: one outline for each stretch without.
function solidStretches(present) {
  const stretches = []
  present.forEach((here, i) => {
    if (here && !present[i - 1]) stretches.push([i, i + 1])
    else if (here) stretches.at(-1)[1] = i + 1
  })
  return stretches
}

function pointsToDraw(series, values, { choices, range, most }) {
  const x = series[choices.x]
  const kept = worthDrawing(x, values, range, most)
  return { kept, x: kept.map((i) => x[i]), y: kept.map((i) => values[i]) }
}

function translucent(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  return `rgba(${r},${g},${b},${alpha})`
}

// ---- layout ----

function layoutOf(panel, traces, context) {
  const { theme, choices, range, width, height, zoomedY } = context
  const axis = { gridcolor: theme.grid, linecolor: theme.axis, zeroline: false, showline: true, ticks: "outside", tickcolor: theme.axis }
  const xTitle = AXIS_TITLES[choices.x]
  return {
    width,
    height,
    margin: marginOf(theme),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: theme.large ? 22 : 15, color: theme.text },
    showlegend: false,
    // A list of very many would cover the panel.
    hovermode: traces.filter((trace) => trace.name).length <= 8 ? "x unified" : "closest",
    hoverdistance: 60,
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.axis, font: { size: theme.large ? 20 : 14, color: theme.text } },
    dragmode: context.touch ? false : "zoom",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.axis, activecolor: theme.text },
    datarevision: context.revision,
    xaxis: { ...axis, title: { text: xTitle, standoff: 6 }, range: [...range], autorange: false, nticks: 6, showspikes: false, hoverformat: ",.4~g", unifiedhovertitle: { text: `${xTitle} %{x}` } },
    yaxis: { ...axis, nticks: 6, ...valueAxis(panel, traces), ...(zoomedY ? { range: [...zoomedY], autorange: false } : {}) },
    ...marks(panel, context),
    ...(panel.heat ? heatLayout(panel, axis, zoomedY) : {}),
  }
}

function valueAxis(panel, traces) {
  if (panel.heat) return {}
  if (panel.angle) {
    const wide = traces.some((trace) => trace.y.some((value) => value > 120))
    // A little below 0, or the line of backpropagation, which lies on it, would be cut in half.
    return { type: "linear", range: [-3, wide ? 180 : 120], autorange: false, tick0: 0, dtick: 30, ticksuffix: "°" }
  }
  if (panel.logarithmic) {
    const values = traces.flatMap((trace) => trace.y).filter((value) => value > 0)
    if (panel.measure) values.push(1) // where both are of one size
    return { type: "log", ...(panel.measure ? { range: logarithmicRange(values), autorange: false } : { autorange: true }), ...logarithmicTicks(values) }
  }
  if (panel.measure && panel.unit === "%") {
    const top = Math.min(103, 1.1 * traces.flatMap((trace) => trace.y).reduce((most, value) => Math.max(most, value), 9.1))
    return { type: "linear", range: [-0.03 * top, top], autorange: false, ticksuffix: " %" }
  }
  return { type: "linear", autorange: true, rangemode: panel.title === "Accuracy" ? "normal" : "tozero", ticksuffix: panel.unit && " %" }
}

// plotly's own labels on a logarithmic axis are of two sizes and run into each other.
function logarithmicTicks(values) {
  if (!values.length) return {}
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, 0])
  const decades = Math.log10(high / low)
  const steps = decades > 2.2 ? [1] : decades > 0.7 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]
  const powers = Array.from({ length: Math.ceil(decades) + 3 }, (_, i) => Math.floor(Math.log10(low)) - 1 + i)
  const tickvals = powers.flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(3))))
  return { tickmode: "array", tickvals, ticktext: tickvals.map((value) => (value < 1e-4 || value >= 1e5 ? value.toExponential() : String(value))) }
}

function logarithmicRange(values) {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [1, 1]).map(Math.log10)
  const margin = Math.max(0.15, 0.06 * (high - low))
  return [low - margin, high + margin]
}

// The line to compare with: chance for an angle, equal sizes for a ratio, all directions for a rank.
function marks(panel, { view, theme }) {
  if (!panel.measure || panel.heat) return { shapes: [], annotations: [] }
  const half = panel.measure.metric === "signal_angle" ? (view.random_band?.[panel.layer] ?? 0) : 0
  const most = panel.measure.metric === "effective_rank" ? (view.most_directions?.[panel.layer] ?? null) : null
  const across = { xref: "paper", x0: 0, x1: 1, layer: "below" }
  const line = (y) => ({ type: "line", ...across, y0: y, y1: y, line: { color: theme.axis, width: 2, dash: "dash" } })
  const label = (y, text, yanchor = "bottom") => ({ xref: "paper", x: 1, xanchor: "right", y, yanchor, showarrow: false, text, font: { size: theme.large ? 20 : 14, color: theme.text } })
  if (panel.angle)
    return {
      shapes: [{ type: "rect", ...across, y0: 90 - half, y1: 90 + half, fillcolor: theme.band, line: { width: 0 } }, line(90)],
      annotations: [label(90 + half, "90° = random direction")],
    }
  if (panel.unit === "×") return { shapes: [line(1)], annotations: [label(0, "1 = as large as bp's")] }
  if (most) return { shapes: [line(most)], annotations: [label(most, `${most} = all that there can be`, "top")] }
  return { shapes: [], annotations: [] }
}

// ---- in words ----

function sentenceOf(panel, { view, store, choices }) {
  if (panel.heat) return heatSentence(panel)
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
