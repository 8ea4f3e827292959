// A picture of several panels with plots, which share a horizontal axis: what a viewer has zoomed stays while the values change.
//
// A kind of view makes its panels, makePanel(definition), says which stretch of the axis there is, fullRange(), and, if there is
// more to do, isInSight(panel), zoomChanged(), resized() and drew(panel). A definition has a key, its panel's own.

import { MountedView } from "./mounted_view.js"
import { plotly } from "./plotly_loader.js"

export class PlotView extends MountedView {
  // `stats`: counts of what happened: mounts, plots, draws, firstDraw, idle
  constructor(className, stats) {
    super(className)
    this.stats = stats
    this.panels = new Map() // key -> PlotPanel
    this.zoomedX = null // [first, last] that the viewer chose
    this.view = null // what Python sent last
    this.theme = null
    this.turns = 0 // of drawing, of all panels
    this.touch = matchMedia("(pointer: coarse)").matches // there a drag must scroll the page
    this.#watch()
    stats.mounts++
    plotly.then(
      () => this.redraw(),
      (error) => this.#plotlyFailed(error),
    )
  }

  isInSight() {
    return true
  }
  zoomChanged() {}
  resized() {}
  drew() {}

  #watch() {
    this.ending = new AbortController()
    const { signal } = this.ending
    this.sized = new ResizeObserver(() => {
      this.resized()
      this.redraw()
    })
    this.sized.observe(this.root)
    document.addEventListener("visibilitychange", () => this.schedule(), { signal })
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => this.release(), { signal })
  }

  #plotlyFailed(error) {
    this.plotlyTrouble = `The charts cannot be drawn: ${error.message}. Reload the page to try again.`
    for (const panel of this.panels.values()) panel.explain()
  }

  // Panels of these definitions and no others, in each grid in this order. grids: [[node, definitions]]
  arrange(grids) {
    const wanted = new Set(grids.flatMap(([, definitions]) => definitions.map((one) => one.key)))
    for (const [key, panel] of this.panels) {
      if (wanted.has(key)) continue
      panel.unmount()
      this.panels.delete(key)
    }
    for (const [grid, definitions] of grids) {
      for (const [place, one] of definitions.entries()) this.#place(one, grid, place)
    }
  }

  #place(definition, grid, place) {
    if (!this.panels.has(definition.key)) this.panels.set(definition.key, this.makePanel(definition))
    const panel = this.panels.get(definition.key)
    panel.take(definition)
    if (grid.children[place] !== panel.root) grid.insertBefore(panel.root, grid.children[place] ?? null)
  }

  // ---- zoom: all panels show the same stretch ----

  rangeX() {
    return this.zoomedX ?? this.fullRange()
  }

  zoomed(panel, change) {
    const x = rangeIn(change, "xaxis")
    const y = rangeIn(change, "yaxis")
    if (x) this.zoomedX = x
    if (y) panel.zoomedY = y
    if (x) this.zoomChanged()
    if (x || y) this.redraw()
  }

  fit() {
    this.forgetZoom()
    this.zoomChanged()
    this.redraw()
  }

  forgetZoom() {
    this.zoomedX = null
    for (const panel of this.panels.values()) panel.zoomedY = null
  }

  // ---- drawing ----

  hold() {
    this.held = true
  }

  release() {
    if (!this.held) return
    this.held = false
    this.schedule()
  }

  redraw() {
    for (const panel of this.panels.values()) panel.stale = true
    this.schedule()
  }

  schedule() {
    this.stats.idle = false
    this.frame ??= requestAnimationFrame(() => this.#drawNext())
  }

  // One panel a frame keeps clicks and scrolling quick between them.
  #drawNext() {
    this.frame = null
    if (!globalThis.Plotly || !this.view || this.held || document.hidden || this.ending.signal.aborted) return
    const waiting = [...this.panels.values()].filter((panel) => panel.stale && this.isInSight(panel))
    // The one that has waited longest: where drawing is slow, the last ones would never have their turn.
    const next = waiting.reduce((first, panel) => (first && first.turn <= panel.turn ? first : panel), null)
    this.stats.idle = !next
    if (!next) return
    next.turn = ++this.turns
    next.draw(globalThis.Plotly)
    this.drew(next)
    this.schedule()
  }

  unmount() {
    this.ending.abort()
    this.sized.disconnect()
    cancelAnimationFrame(this.frame)
    for (const panel of this.panels.values()) panel.unmount()
    super.unmount()
  }
}

// plotly names a changed range as a whole, or each of its ends. null: it has not changed
function rangeIn(change, axis) {
  const ends = [change[`${axis}.range[0]`], change[`${axis}.range[1]`]]
  const range = change[`${axis}.range`] ?? (ends[0] === undefined ? null : ends)
  return range?.map(Number) ?? null
}
