// How the plots of all pages look: margins, axes, the marks to compare with, and bands around lines.

const MARGIN = { l: 62, r: 18, t: 12, b: 52 }
const LARGE_MARGIN = { l: 84, r: 24, t: 14, b: 72 }
export const FEW_POINTS = 25 // up to here each test value gets a marker
const LOW = { plain: 175, large: 260 } // height of a plot below which the axis says what it is of at its end, in one line
const LOW_BOTTOM = { plain: 30, large: 42 }
const AXIS_TITLES = { step: "step", epoch: "epoch", samples: "training samples", seconds: "seconds of own computing" }

const AXIS_ENDS = { step: " steps", epoch: " epochs", samples: " samples", seconds: " s" }

export function marginOf(theme, height = Number.POSITIVE_INFINITY) {
  const margin = theme?.large ? LARGE_MARGIN : MARGIN
  return isLow(theme, height) ? { ...margin, b: LOW_BOTTOM[theme?.large ? "large" : "plain"] } : margin
}

function isLow(theme, height) {
  return height < LOW[theme?.large ? "large" : "plain"]
}

export function axisOf(theme) {
  return {
    gridcolor: theme.grid,
    linecolor: theme.axis,
    zeroline: false,
    showline: true,
    ticks: "outside",
    tickcolor: theme.axis,
  }
}

// plotly's layout of one panel.
// panel: {title, unit, angle, logarithmic, layer, measure: null or {metric}}; unit: "°", "×", "%" or ""; angle: of angles
// context: {theme, touch, axis, range, zoomedY, width, height, revision, view}; axis: name of the horizontal one; range: what of
//   it is seen; zoomedY: [low, high] or null; view: {most_directions}, by layer, where they are known; chance: {half,
//   samples, seeds}: degrees around 90°, and of how many the mean is that chance keeps within them, where that was measured
export function layoutOf(panel, traces, context) {
  const { theme, range, width, height, zoomedY } = context
  const axis = axisOf(theme)
  const xTitle = AXIS_TITLES[context.axis]
  const low = isLow(theme, height)
  return {
    width,
    height,
    margin: marginOf(theme, height),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: theme.large ? 22 : 15, color: theme.text },
    showlegend: false,
    // A list of very many would cover the panel.
    hovermode: traces.filter((trace) => trace.name).length <= 8 ? "x unified" : "closest",
    hoverdistance: 60,
    hoverlabel: {
      bgcolor: theme.background,
      bordercolor: theme.axis,
      font: { size: theme.large ? 20 : 14, color: theme.text },
    },
    dragmode: context.touch ? false : "zoom",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.axis, activecolor: theme.text },
    datarevision: context.revision,
    xaxis: {
      ...axis,
      title: { text: low ? "" : xTitle, standoff: 6 },
      ...(low && { ticksuffix: AXIS_ENDS[context.axis], showticksuffix: "last" }),
      range: [...range],
      autorange: false,
      nticks: 6,
      showspikes: false,
      hoverformat: ",.4~g",
      unifiedhovertitle: { text: `${xTitle} %{x}` },
    },
    yaxis: {
      ...axis,
      nticks: low ? 4 : 6,
      ...valueAxis(panel, traces, low),
      ...(zoomedY ? { range: [...zoomedY], autorange: false } : {}),
    },
    ...marks(panel, context),
  }
}

function valueAxis(panel, traces, low) {
  if (panel.angle) {
    const wide = traces.some((trace) => trace.y.some((value) => value > 120))
    // A little below 0, or the line of backpropagation, which lies on it, would be cut in half.
    return { type: "linear", range: [-3, wide ? 180 : 120], autorange: false, tick0: 0, dtick: low ? 45 : 30, ticksuffix: "°" }
  }
  if (panel.logarithmic) {
    const values = traces.flatMap((trace) => trace.y).filter((value) => value > 0)
    if (panel.measure) values.push(1) // where both are of one size
    return {
      type: "log",
      ...(panel.measure ? { range: logarithmicRange(values), autorange: false } : { autorange: true }),
      ...logarithmicTicks(values),
    }
  }
  if (panel.measure && panel.unit === "%") {
    const top = Math.min(103, 1.1 * traces.flatMap((trace) => trace.y).reduce((most, value) => Math.max(most, value), 9.1))
    return { type: "linear", range: [-0.03 * top, top], autorange: false, ticksuffix: " %" }
  }
  return {
    type: "linear",
    autorange: true,
    rangemode: panel.title === "Accuracy" ? "normal" : "tozero",
    ticksuffix: panel.unit && " %",
  }
}

// plotly's own labels on a logarithmic axis are of two sizes and run into each other.
function logarithmicTicks(values) {
  if (!values.length) return {}
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, 0])
  const decades = Math.log10(high / low)
  const steps = decades > 2.2 ? [1] : decades > 0.7 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]
  const powers = Array.from({ length: Math.ceil(decades) + 3 }, (_, i) => Math.floor(Math.log10(low)) - 1 + i)
  const tickvals = powers.flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(3))))
  return {
    tickmode: "array",
    tickvals,
    ticktext: tickvals.map((value) => (value < 1e-4 || value >= 1e5 ? value.toExponential() : String(value))),
  }
}

function chanceSaid({ half, samples, seeds }) {
  return `90° ± ${half.toPrecision(2)}° = random B, mean of ${seeds > 1 ? `${seeds} seeds of ${samples}` : samples}`
}

function logarithmicRange(values) {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [1, 1]).map(Math.log10)
  const margin = Math.max(0.15, 0.06 * (high - low))
  return [low - margin, high + margin]
}

// The line to compare with: chance for an angle, equal sizes for a ratio, all directions for a rank.
function marks(panel, { view = {}, chance = null, theme }) {
  if (!panel.measure) return { shapes: [], annotations: [] }
  const half = chance?.half ?? 0
  const most = panel.measure.metric === "effective_rank" ? (view.most_directions?.[panel.layer] ?? null) : null
  const across = { xref: "paper", x0: 0, x1: 1, layer: "below" }
  const line = (y) => ({ type: "line", ...across, y0: y, y1: y, line: { color: theme.axis, width: 2, dash: "dash" } })
  const label = (y, text, yanchor = "bottom") => ({
    xref: "paper",
    x: 1,
    xanchor: "right",
    y,
    yanchor,
    showarrow: false,
    text,
    font: { size: theme.large ? 20 : 14, color: theme.text },
  })
  if (panel.angle)
    return {
      shapes: [{ type: "rect", ...across, y0: 90 - half, y1: 90 + half, fillcolor: theme.band, line: { width: 0 } }, line(90)],
      annotations: [label(90 + half, chance ? chanceSaid(chance) : "90° = random direction")],
    }
  if (panel.unit === "×") return { shapes: [line(1)], annotations: [label(0, "1 = as large as bp's")] }
  if (most) return { shapes: [line(most)], annotations: [label(most, `${most} = all that there can be`, "top")] }
  return { shapes: [], annotations: [] }
}

// A filled outline cannot have gaps: one outline for each stretch without. [[first, last + 1]] of the places that are present.
export function solidStretches(present) {
  const stretches = []
  present.forEach((here, i) => {
    if (here && !present[i - 1]) stretches.push([i, i + 1])
    else if (here) stretches.at(-1)[1] = i + 1
  })
  return stretches
}

export function translucent(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  return `rgba(${r},${g},${b},${alpha})`
}
