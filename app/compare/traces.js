// From a panel of the comparison to what plotly draws.

import { FEW_POINTS, layoutOf, solidStretches, translucent } from "../charts/plot_layout.js"

const MANY_LINES = 12 // from here on they are thinner
const MARKS_ON_A_LINE = 8

// As plot_layout.js takes a panel: it knows the axes of angles, ratios and shares, and what to compare with.
function definitionOf(panel) {
  const unit = panel.unit.trim()
  return {
    title: panel.title,
    unit,
    angle: unit === "°",
    logarithmic: panel.log,
    layer: panel.layer,
    measure: panel.measure ? { metric: panel.metric } : null,
  }
}

export function comparedTraces(panel, view, hidden, theme) {
  const shown = panel.lines.filter((line) => !hidden.has(view.groups[line.group].name))
  const width = (shown.length > MANY_LINES ? 1.5 : 2.5) * (theme.large ? 1.6 : 1)
  const pieces = shown.map((line) => {
    const group = view.groups[line.group]
    const id = `g${line.group}-${line.seed ?? "all"}`
    return {
      bands: line.low ? bandsOf(line, group, id, shown.length) : [],
      ghosts: line.ghost ? [ghostOf(line, group, id)] : [],
      lines: [lineOf(line, group, id, width, panel)],
    }
  })
  return ["bands", "ghosts", "lines"].flatMap((kind) => pieces.flatMap((piece) => piece[kind]))
}

function lineOf(line, group, id, width, panel) {
  const few = line.x.length <= FEW_POINTS
  const spread = line.high
    ? line.y.map((y, i) =>
        y === null
          ? ""
          : panel.extremes
            ? `, ${short(line.low[i])} to ${short(line.high[i])}`
            : ` ± ${short(line.high[i] - y)}`,
      )
    : line.x.map(() => "")
  return {
    x: line.x,
    y: line.y,
    customdata: spread,
    uid: id, // plotly puts it into selectors: letters, digits and dashes only
    meta: { group: line.group },
    type: "scatter",
    mode: few || group.mark ? "lines+markers" : "lines",
    name: line.seed === null || line.seed === undefined ? group.name : `${group.name} · seed ${line.seed}`,
    line: {
      color: group.colour,
      width: line.high || line.seed === null ? width : Math.min(width, 1.5),
      dash: group.dash,
      simplify: false,
    },
    marker: { size: 8, color: group.colour, symbol: group.mark || "circle", maxdisplayed: few ? 0 : MARKS_ON_A_LINE },
    connectgaps: false,
    hovertemplate: `<b>%{fullData.name}</b><br>%{y:.4~g}%{customdata}${panel.unit}<br>${panel.axisTitle} %{x:,.6~g}<extra></extra>`,
  }
}

function short(value) {
  return Number(value.toPrecision(3))
}

function ghostOf(line, group, id) {
  return {
    ...line.ghost,
    uid: `${id}-raw`,
    meta: { group: line.group },
    type: "scatter",
    mode: "lines",
    line: { color: group.colour, width: 1, dash: "solid" },
    opacity: 0.3,
    connectgaps: false,
    hoverinfo: "skip",
  }
}

function bandsOf(line, group, id, lines) {
  const { x, low, high } = line
  return solidStretches(low.map((value, i) => value !== null && high[i] !== null)).map(([from, to], stretch) => ({
    x: [...x.slice(from, to), ...x.slice(from, to).toReversed()],
    y: [...high.slice(from, to), ...low.slice(from, to).toReversed()],
    uid: `${id}-band${stretch}`,
    meta: { group: line.group },
    type: "scatter",
    mode: "lines",
    line: { width: 0 },
    fill: "toself",
    fillcolor: translucent(group.colour, lines > MANY_LINES ? 0.08 : 0.17),
    hoverinfo: "skip",
  }))
}

export function comparedLayout(panel, traces, context) {
  const { theme } = context
  const layout = layoutOf(definitionOf(panel), traces, context)
  if (layout.yaxis.ticktext) layout.yaxis.ticktext = layout.yaxis.ticktext.map((text) => text + panel.unit)
  const seen = panel.range && (panel.log ? panel.range.map(Math.log10) : panel.range)
  if (seen && !context.zoomedY) Object.assign(layout.yaxis, { range: seen, autorange: false })
  Object.assign(layout.hoverlabel, { font: { ...layout.hoverlabel.font, family: theme.font } })
  return { ...layout, hovermode: "closest", hoverdistance: 40 }
}

const figureOf = ({ text, as_of }) => (as_of ? `${text} (${as_of})` : text)

// The newest values in words, for those who do not see the picture.
export function comparedSentence(panel, view, hidden) {
  const known = view.groups.flatMap((group, i) =>
    panel.cells[i] && !hidden.has(group.name) ? [`${group.name} ${figureOf(panel.cells[i])}`] : [],
  )
  if (!known.length) return `${panel.title}: no values yet.`
  const more = known.length > 12 ? ` and ${known.length - 12} more, see the table` : ""
  return `${panel.title} over ${view.axis.title}, ${view.value} values: ${known.slice(0, 12).join(", ")}${more}.`
}
