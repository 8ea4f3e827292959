// One panel of the comparison: mounted once, then only fed, so that its zoom lasts.

class ComparePanel {
  constructor(owner, key) {
    this.owner = owner
    this.key = key
    this.zoomedY = null
    this.stale = true
    this.root = element("figure", "dfa-panel", "", { "data-panel": key })
    this.heading = element("figcaption")
    this.plot = element("div", "dfa-plot", "", { role: "img" })
    this.empty = element("div", "dfa-note")
    this.notes = element("p", "dfa-about")
    const frame = element("div", "dfa-frame")
    frame.append(this.plot, this.empty)
    this.root.append(this.heading, frame, this.notes)
    frame.addEventListener("pointerenter", () => (owner.pointed = this))
    frame.addEventListener("pointerleave", () => owner.leave(this))
    frame.addEventListener("pointerdown", () => owner.hold()) // a redraw in the middle of a drag would take the zoom box away
  }

  take(panel, view) {
    this.panel = { ...panel, axisTitle: view.axis.title, extremes: view.extremes }
    this.stale = true
    setText(this.heading, panel.title)
    this.heading.title = panel.about
    setText(this.notes, panel.notes.join(" "))
    this.notes.hidden = !panel.notes.length
    this.explain()
  }

  explain() {
    const { owner, panel } = this
    this.plot.setAttribute("aria-label", comparedSentence(panel, owner.view, owner.hidden))
    const shown = panel.lines.some((line) => !owner.hidden.has(owner.view.groups[line.group].name))
    const none = panel.lines.length ? "All lines are hidden" : "No values"
    setText(this.empty, shown ? (globalThis.Plotly ? "" : owner.plotlyTrouble || "Preparing the chart…") : none)
  }

  draw(Plotly) {
    this.stale = false
    this.explain()
    const { view, hidden, theme, touch, zoomedX } = this.owner
    const { width, height } = this.plot.getBoundingClientRect()
    if (width < 50) return
    const traces = comparedTraces(this.panel, view, hidden, theme)
    if (!traces.length && !this.drawn) return
    const context = { view: {}, choices: { x: view.axis.name }, theme, touch, range: zoomedX ?? this.owner.fullX, zoomedY: this.zoomedY, width, height, revision: ++comparing.draws }
    const layout = comparedLayout(this.panel, traces, context)
    if (this.drawn) Plotly.react(this.plot, traces, layout)
    else this.#mount(Plotly, traces, layout)
    this.highlight(this.owner.highlighted)
  }

  #mount(Plotly, traces, layout) {
    this.drawn = true
    comparing.plots++
    Plotly.newPlot(this.plot, traces, layout, this.#config(Plotly))
    this.plot.on("plotly_relayout", (change) => this.owner.zoomed(this, change))
    this.plot.on("plotly_doubleclick", () => this.owner.fit())
    this.plot.on("plotly_hover", ({ points }) => this.owner.pointed === this && this.owner.highlight(points[0].data.meta.group, points[0].x))
    this.plot.on("plotly_unhover", () => this.owner.pointed === this && this.owner.highlight(null))
    comparing.firstDraw ??= performance.now()
  }

  #config(Plotly) {
    const image = (format) => ({ name: format, title: `Download as ${format.toUpperCase()}`, icon: format === "png" ? Plotly.Icons.camera : Plotly.Icons.disk, click: () => this.#download(Plotly, format) })
    const fit = { name: "fit", title: "Reset zoom", icon: Plotly.Icons.home, click: () => this.owner.fit() }
    return { displaylogo: false, showSendToCloud: false, doubleClick: false, responsive: false, modeBarButtons: [[image("png"), image("svg"), fit]] }
  }

  // On screen the title is above the chart and the table is the legend; an image needs both inside.
  #download(Plotly, format) {
    const { theme } = this.owner
    const layout = { ...this.plot.layout, title: { text: this.panel.title }, showlegend: true, paper_bgcolor: theme.background, margin: { ...marginOf(theme), t: 60 } }
    const data = this.plot.data.map((trace) => ({ ...trace, showlegend: Boolean(trace.name) }))
    Plotly.downloadImage({ data, layout }, { format, width: 1200, height: 700, scale: format === "png" ? 2 : 1, filename: this.panel.title })
  }

  // By style alone: nothing is drawn anew.
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

  unmount() {
    if (this.drawn) globalThis.Plotly.purge(this.plot)
    this.drawn = false
    this.root.remove()
  }
}
