// The comparison. What it is fed with (see message.py):
//   version: another one is drawn; large: for a projector; axis: {name, title}; extremes: bands from smallest to largest; value: last or best
//   groups: [{rule, label, name, colour, dash, mark, runs}]; a line names its group by its place
//   panels: [{key, metric, layer, measure, title, unit, about, log, lines: [{group, seed, x, y, low, high, ghost: {x, y}}], range, notes, cells: [{text, lost}]}]

const comparedShared = (globalThis.__dfaCompare ??= {})
comparedShared.code ??= Promise.withResolvers()
const plotlyShared = (globalThis.__dfaLab ??= {})
plotlyShared.plotly ??= Promise.withResolvers()
plotlyShared.numbersShown ??= Promise.withResolvers()

// Read by the browser tests, and handy in the console.
const comparing = (globalThis.__dfa_compare ??= { mounts: 0, updates: 0, plots: 0, draws: 0, firstView: null, firstDraw: null, idle: false })

class CompareView {
  constructor() {
    this.panels = new Map()
    this.hidden = new Set()
    this.highlighted = null
    this.zoomedX = null
    this.touch = matchMedia("(pointer: coarse)").matches // there a drag must scroll the page
    comparing.mounts++
    this.root = element("div", "dfa-live dfa-compare")
    this.charts = element("div", "dfa-grid")
    this.list = new LineList(this)
    const fit = element("button", "dfa-fit", "Fit", { type: "button", title: "Reset the zoom of all panels (double-click in a panel does the same)" })
    fit.addEventListener("click", () => this.fit())
    const side = element("div", "dfa-compare-side")
    side.append(this.list.root, fit)
    this.root.append(this.charts, side)
    this.#watch()
    plotlyShared.plotly.promise.then(() => this.redraw(), (error) => this.#plotlyFailed(error))
  }

  #watch() {
    this.ending = new AbortController()
    const { signal } = this.ending
    this.sized = new ResizeObserver(() => this.redraw())
    this.sized.observe(this.root)
    document.addEventListener("visibilitychange", () => this.schedule(), { signal })
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => this.release(), { signal })
  }

  attach(host) {
    if (this.root.parentElement !== host) host.append(this.root)
  }

  receive(view) {
    if (!view) return
    comparing.updates++
    comparing.firstView ??= performance.now()
    this.root.classList.toggle("dfa-large", Boolean(view.large))
    const theme = themeOf(this.root)
    const drawnFrom = JSON.stringify([view.version, theme])
    if (drawnFrom === this.drawnFrom) return
    this.drawnFrom = drawnFrom
    this.theme = theme
    if (view.axis.name !== this.view?.axis.name) this.#forgetZoom()
    this.#sameLine(view)
    this.view = view
    this.fullX = [0, view.panels.flatMap((panel) => panel.lines).reduce((most, line) => Math.max(most, line.x.at(-1) ?? 0), 0) || 1]
    this.list.show(view)
    plotlyShared.numbersShown.resolve()
    this.#arrange()
  }

  // What is pointed at stays so, wherever it now stands.
  #sameLine(view) {
    const name = this.view?.groups[this.highlighted]?.name
    const place = view.groups.findIndex((group) => group.name === name)
    this.highlighted = place < 0 ? null : place
  }

  #arrange() {
    const { panels } = this.view
    for (const [key, panel] of this.panels) {
      if (panels.some((one) => one.key === key)) continue
      panel.unmount()
      this.panels.delete(key)
    }
    panels.forEach((one, place) => {
      if (!this.panels.has(one.key)) this.panels.set(one.key, new ComparePanel(this, one.key))
      const panel = this.panels.get(one.key)
      if (panel.panel && panel.panel.log !== one.log) panel.zoomedY = null
      panel.take(one, this.view)
      if (this.charts.children[place] !== panel.root) this.charts.insertBefore(panel.root, this.charts.children[place] ?? null)
    })
    this.list.highlight(this.highlighted)
    this.schedule()
  }

  #plotlyFailed(error) {
    this.plotlyTrouble = `The charts cannot be drawn: ${error.message}. Reload the page to try again.`
    for (const panel of this.panels.values()) panel.explain()
  }

  // ---- what the viewer does ----

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

  zoomed(panel, change) {
    const rangeOf = (axis) => change[`${axis}.range`] ?? (`${axis}.range[0]` in change ? [change[`${axis}.range[0]`], change[`${axis}.range[1]`]] : null)
    const x = rangeOf("xaxis")
    const y = rangeOf("yaxis")
    if (x) this.zoomedX = x.map(Number)
    if (y) panel.zoomedY = y.map(Number)
    if (x || y) this.redraw()
  }

  fit() {
    this.#forgetZoom()
    this.redraw()
  }

  #forgetZoom() {
    this.zoomedX = null
    for (const panel of this.panels.values()) panel.zoomedY = null
  }

  hold() {
    this.held = true
  }

  release() {
    if (!this.held) return
    this.held = false
    this.schedule()
  }

  // ---- drawing: one panel a frame keeps clicks and scrolling quick between them ----

  redraw() {
    for (const panel of this.panels.values()) panel.stale = true
    this.schedule()
  }

  schedule() {
    comparing.idle = false
    this.frame ??= requestAnimationFrame(() => this.#drawNext())
  }

  #drawNext() {
    this.frame = null
    if (!globalThis.Plotly || !this.view || this.held || document.hidden || this.ending.signal.aborted) return
    const next = [...this.panels.values()].find((panel) => panel.stale)
    comparing.idle = !next
    if (!next) return
    next.draw(globalThis.Plotly)
    this.schedule()
  }

  unmount() {
    this.ending.abort()
    this.sized.disconnect()
    cancelAnimationFrame(this.frame)
    for (const panel of this.panels.values()) panel.unmount()
    this.root.remove()
  }
}

comparedShared.code.resolve(CompareView)

export default function ({ parentElement }) {
  const row = parentElement.closest("[data-testid=stElementContainer]")
  if (row) row.style.position = "absolute" // nothing to see here: without this the page shows a gap of one row
}
