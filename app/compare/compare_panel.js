// One panel of the comparison: lines that are found from the table, and the table's rows from them.

import { element, setText } from "../charts/dom.js"
import { PlotPanel } from "../charts/plot_panel.js"
import { explain } from "../words/explained.js"
import { comparedLayout, comparedSentence, comparedTraces } from "./traces.js"

export class ComparePanel extends PlotPanel {
  images = [
    { format: "png", title: "Download as PNG", icon: "camera", scale: 2 },
    { format: "svg", title: "Download as SVG", icon: "disk", scale: 1 },
  ]

  constructor(owner, key) {
    super(owner, key)
    this.name = this.heading.appendChild(element("span"))
    this.notes = this.root.appendChild(element("p", "dfa-about"))
    this.frame.addEventListener("pointerenter", () => owner.point(this))
    this.frame.addEventListener("pointerleave", () => owner.leave(this))
  }

  // `panel`: one of the view's, see the head of view.js
  take(panel) {
    const { view } = this.owner
    if (this.panel && this.panel.log !== panel.log) this.zoomedY = null
    this.panel = { ...panel, axisTitle: view.axis.title, extremes: view.extremes }
    this.stale = true
    explain(this.name, panel.title)
    this.heading.title = panel.about
    setText(this.notes, panel.notes.join(" "))
    this.notes.hidden = !panel.notes.length
    this.explain()
  }

  title() {
    return this.panel.title
  }

  sentence() {
    return comparedSentence(this.panel, this.owner.view, this.owner.hidden)
  }

  missing() {
    const { view, hidden } = this.owner
    const { lines } = this.panel
    if (lines.some((line) => !hidden.has(view.groups[line.group].name))) return ""
    return lines.length ? "All lines are hidden" : "No values"
  }

  context() {
    return { ...super.context(), axis: this.owner.view.axis.name }
  }

  traces({ theme }) {
    return comparedTraces(this.panel, this.owner.view, this.owner.hidden, theme)
  }

  layout(traces, context) {
    return comparedLayout(this.panel, traces, context)
  }

  mounted() {
    const { owner } = this
    const highlight = (group, x) => owner.pointed === this && owner.highlight(group, x)
    this.plot.on("plotly_hover", ({ points }) => highlight(points[0].data.meta.group, points[0].x))
    this.plot.on("plotly_unhover", () => highlight(null))
  }

  drew() {
    this.highlight(this.owner.highlighted)
  }

  // By style alone: nothing is drawn anew. `group`: place of a group, or null
  highlight(group) {
    if (!this.drawn) return
    for (const node of this.plot.querySelectorAll(".scatterlayer > .trace")) {
      const own = group === null ? null : [...node.classList].find((name) => name.startsWith(`traceg${group}-`))
      node.classList.toggle("dfa-dim", group !== null && !own)
      node.classList.toggle("dfa-strong", /-(all|\d+)$/.test(own ?? "")) // the line, not its band or ghost
    }
  }

  // The label of the same line at the same place.
  label(Plotly, group, x) {
    if (!this.drawn) return
    const curveNumber = group === null ? -1 : this.plot.data.findIndex((trace) => trace.name && trace.meta.group === group)
    const { x: along, y } = this.plot.data[curveNumber] ?? { x: [], y: [] }
    let nearest = -1
    along.forEach((at, i) => {
      if (y[i] !== null && (nearest < 0 || Math.abs(at - x) < Math.abs(along[nearest] - x))) nearest = i
    })
    if (nearest >= 0) Plotly.Fx.hover(this.plot, [{ curveNumber, pointNumber: nearest }], "xy")
    else Plotly.Fx.unhover(this.plot)
  }
}
