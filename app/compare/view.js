// The comparison. What it is fed with (see message.py):
//   version: another one is drawn; large: for a projector; axis: {name, title}; extremes: bands from smallest to largest; value: last or best
//   groups: [{rule, label, name, colour, dash, mark, runs}]; a line names its group by its place
//   panels: [{key, metric, layer, measure, title, unit, about, log, lines: [{group, seed, x, y, low, high, ghost: {x, y}}], range, notes, cells: [{text, lost, as_of}]}]

import { element } from "../charts/dom.js"
import { fitButton } from "../charts/fit_button.js"
import { PlotView } from "../charts/plot_view.js"
import { numbersAreShown } from "../charts/plotly_loader.js"
import { themeOf } from "../charts/theme.js"
import { ComparePanel } from "./compare_panel.js"
import { LineList } from "./line_list.js"

// Read by the browser tests, and handy in the console.
const stats = (globalThis.__dfa_compare ??= {
  mounts: 0,
  updates: 0,
  plots: 0,
  draws: 0,
  firstView: null,
  firstDraw: null,
  idle: false,
})

export class View extends PlotView {
  constructor() {
    super("dfa-live dfa-compare", stats)
    this.hidden = new Set() // names of groups
    this.highlighted = null // place of a group
    this.charts = element("div", "dfa-grid")
    this.list = new LineList(this)
    const side = element("div", "dfa-compare-side")
    side.append(
      this.list.root,
      fitButton(() => this.fit()),
    )
    this.root.append(this.charts, side)
  }

  makePanel({ key }) {
    return new ComparePanel(this, key)
  }

  fullRange() {
    return this.fullX
  }

  receive(view) {
    if (!view) return
    stats.updates++
    stats.firstView ??= performance.now()
    this.enlarge(view.large)
    const theme = themeOf(this.root)
    const drawnFrom = JSON.stringify([view.version, theme])
    if (drawnFrom === this.drawnFrom) return
    this.drawnFrom = drawnFrom
    this.theme = theme
    if (view.axis.name !== this.view?.axis.name) this.forgetZoom()
    this.#sameLine(view)
    this.view = view
    const lines = view.panels.flatMap((panel) => panel.lines)
    this.fullX = [0, lines.reduce((most, line) => Math.max(most, line.x.at(-1) ?? 0), 0) || 1]
    this.list.show(view)
    numbersAreShown()
    this.arrange([[this.charts, view.panels]])
    this.list.highlight(this.highlighted)
    this.schedule()
  }

  // What is pointed at stays so, wherever it now stands.
  #sameLine(view) {
    const name = this.view?.groups[this.highlighted]?.name
    const place = view.groups.findIndex((group) => group.name === name)
    this.highlighted = place < 0 ? null : place
  }

  // ---- what the viewer does ----

  point(panel) {
    this.pointed = panel
  }

  highlight(group, x = null) {
    if (group !== this.highlighted) {
      this.highlighted = group
      this.list.highlight(group)
      for (const panel of this.panels.values()) panel.highlight(group)
    }
    if (x === null && group !== null) return // from the table
    for (const panel of this.panels.values()) if (panel !== this.pointed) panel.label(globalThis.Plotly, group, x)
  }

  leave(panel) {
    if (this.pointed !== panel) return
    this.highlight(null)
    this.pointed = null
  }

  toggle(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name)
    this.list.refresh()
    this.redraw()
  }
}
