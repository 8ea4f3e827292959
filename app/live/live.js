// The live view. What Streamlit tells it (see `live` in __init__.py), when the page is drawn:
//   experiment: id; another id clears the data and keeps the viewer's choices
//   address: where it asks for news (news.js); waits: whether there will be any
//   large: for a projector; title; note: said where the status says nothing
//   runs: [{name, rule, seed, colour}]; the place in the list is the run number
//   layout: "angles" for the page of that name
//   marker: null, or {step, epoch}, where a line is drawn
//   eps: of adversarial training, 0: none; definitions: {metric: text}; metrics: names, as records use numbers
// and what it is told with every answer:
//   around: of what the page around it is drawn; another one: the page must be drawn anew
//   status: {state, sentence, step, steps, epoch, epochs, rate, left, device}
//   layers: hidden blocks; random_band: {layer: degrees}; most_directions: {layer: number}, what the effective rank can be at most
//   heat, for the layout "angles": {measure, rules: {rule: {steps, rows, values}}, version}; only with news
//   list: which list records are of; another one: they are all of it, and those before are not true any more
//   records: pieces in a row, each of them columns {from, run, metric, layer, step, epoch, seconds, value}; from: place of its
//     first in the whole list

const shared = (globalThis.__dfaLab ??= {})
shared.code ??= Promise.withResolvers()
shared.plotly ??= Promise.withResolvers()
shared.numbersShown ??= Promise.withResolvers()

// Read by the browser tests, and handy in the console.
const stats = (globalThis.__dfa_live ??= { mounts: 0, unmounts: 0, updates: 0, points: 0, plots: 0, draws: 0, stale: 0, firstDraw: null, drawn: null })

const PATIENCE_MS = 3000
const CHOICES_KEY = "dfa-lab-live"
const DEFAULT_CHOICES = { x: "step", smoothing: 0, log: false, accuracy: false, angle: "signal", place: 1, hidden: [] }

function savedChoices(key) {
  try {
    const choices = { ...DEFAULT_CHOICES, ...JSON.parse(localStorage.getItem(key) ?? "{}") }
    return choices.angle in MEASURES ? choices : { ...choices, angle: DEFAULT_CHOICES.angle }
  } catch {
    return { ...DEFAULT_CHOICES } // storage forbidden, or not ours
  }
}

function saveChoices(key, choices) {
  try {
    localStorage.setItem(key, JSON.stringify(choices))
  } catch {
    // Storage forbidden: choices last as long as the page.
  }
}

class Panel {
  constructor(owner, definition) {
    this.owner = owner
    this.definition = definition
    this.zoomedY = null
    this.onScreen = false
    this.stale = true
    this.root = element("figure", "dfa-panel", "", { "data-panel": definition.key })
    this.heading = element("figcaption")
    this.plot = element("div", "dfa-plot", "", { role: "img" })
    this.note = element("div", "dfa-note")
    this.cursor = element("div", "dfa-cursor")
    this.cursor.hidden = true
    this.marker = element("div", "dfa-marker")
    this.marker.hidden = true
    const frame = element("div", "dfa-frame")
    frame.append(this.plot, this.note, this.marker, this.cursor)
    this.root.append(this.heading, frame)
    if (definition.about) this.root.append(element("p", "dfa-about", owner.view.definitions?.[definition.about] ?? ""))
    frame.addEventListener("pointermove", (event) => owner.pointAt(this, event))
    frame.addEventListener("pointerleave", () => owner.pointAt(null))
    // A redraw in the middle of a drag would take the zoom box away.
    frame.addEventListener("pointerdown", () => owner.hold())
    this.describe(definition)
  }

  describe(definition) {
    this.definition = definition
    this.heading.replaceChildren(element("span", "", definition.title))
    if (!definition.measure) this.heading.append(lineKey("test", "solid"), lineKey("train", "dotted"))
  }

  context() {
    const { view, store, choices, theme, zoomedX, touch } = this.owner
    const box = this.plot.getBoundingClientRect()
    const range = zoomedX ?? fullRange(store, choices.x)
    return { view, store, choices, theme, touch, range, zoomedY: this.zoomedY, width: box.width, height: box.height, revision: stats.draws }
  }

  explain() {
    this.root.classList.toggle("dfa-tall", this.definition.heat?.rows.length > 8)
    this.plot.setAttribute("aria-label", sentenceOf(this.definition, this.owner))
    const { view, store } = this.owner
    const some = this.definition.heat?.steps.length || this.definition.curves.some((curve) => view.runs.some((_, run) => store.get(run, curve.metric, curve.layer)))
    const none = ["finished", "failed", "interrupted", "stopped"].includes(view.status?.state) ? "No values" : "No values yet"
    setText(this.note, some ? (globalThis.Plotly ? "" : this.owner.plotlyTrouble || "Preparing the chart…") : none)
  }

  draw(Plotly) {
    this.stale = false
    this.explain()
    const context = this.context()
    if (context.width < 50) return
    const traces = tracesOf(this.definition, context)
    if (!traces.length && !this.drawn) return
    stats.draws++
    this.range = context.range
    const layout = layoutOf(this.definition, traces, context)
    if (this.drawn) Plotly.react(this.plot, traces, layout)
    else this.#mount(Plotly, traces, layout)
    if (traces.length) stats.drawn = context.view.experiment
    this.mark()
  }

  // A line beside the plot and not in it: moving it draws nothing anew.
  mark() {
    const { margin, choices, view, store } = this.owner
    const at = view.marker && (choices.x === "seconds" ? store.secondsAt(view.marker.step) : view.marker[choices.x])
    const share = this.drawn && at != null ? (at - this.range[0]) / (this.range[1] - this.range[0]) : -1
    this.marker.hidden = !(share >= 0 && share <= 1)
    if (this.marker.hidden) return
    const { width } = this.plot.getBoundingClientRect()
    this.marker.style.left = `${margin.l + share * (width - margin.l - margin.r)}px`
    this.marker.style.bottom = `${margin.b}px`
  }

  #mount(Plotly, traces, layout) {
    this.drawn = true
    stats.plots++
    Plotly.newPlot(this.plot, traces, layout, this.#config(Plotly))
    this.plot.on("plotly_relayout", (change) => this.owner.zoomed(this, change))
    this.plot.on("plotly_doubleclick", () => this.owner.fit())
    stats.firstDraw ??= performance.now()
  }

  #config(Plotly) {
    const download = { name: "download", title: "Download image", icon: Plotly.Icons.camera, click: () => this.#download(Plotly) }
    const fit = { name: "fit", title: "Reset zoom", icon: Plotly.Icons.home, click: () => this.owner.fit() }
    return { displaylogo: false, showSendToCloud: false, doubleClick: false, responsive: false, modeBarButtons: [[download, fit]] }
  }

  // On screen the title is text above the chart and the tiles are the legend; an image needs both inside.
  #download(Plotly) {
    const { theme } = this.owner
    const layout = { ...this.plot.layout, title: { text: this.definition.title }, showlegend: true, paper_bgcolor: theme.background, margin: { ...marginOf(theme), t: 60 } }
    const data = this.plot.data.map((trace) => ({ ...trace, showlegend: Boolean(trace.name) }))
    Plotly.downloadImage({ data, layout }, { format: "png", width: 1200, height: 700, scale: 2, filename: this.definition.title })
  }

  unmount() {
    if (this.drawn) globalThis.Plotly.purge(this.plot)
    this.drawn = false
    this.root.remove()
  }
}

function sentenceCase(metric) {
  return metric[0].toUpperCase() + metric.slice(1).replaceAll("_", " ")
}

function lineKey(word, style) {
  const key = element("span", "dfa-line-key", word)
  key.prepend(element("i", style))
  return key
}

class LiveView {
  constructor() {
    this.store = new RecordStore()
    this.touch = matchMedia("(pointer: coarse)").matches // there a drag must scroll the page
    this.panels = new Map()
    this.zoomedX = null
    this.view = null
    this.news = new News(() => ({ have: this.store.have, list: this.store.list, version: this.view.heat?.version ?? -1 }), (answer) => this.told(answer))
    stats.mounts++
    this.#build()
    this.#watch()
    shared.plotly.promise.then(() => this.redraw(), (error) => this.#plotlyFailed(error))
  }

  #build() {
    this.root = element("div", "dfa-live")
    this.status = new StatusStrip()
    this.tiles = new Tiles((rule) => this.toggle(rule))
    this.scale = new ScaleKey()
    this.learning = element("div", "dfa-grid")
    this.angles = element("div", "dfa-grid")
    this.captions = { learning: element("div", "dfa-captions"), angles: element("div", "dfa-captions") }
    this.root.append(this.status.root, this.tiles.root, this.scale.root)
    this.root.append(this.learning, this.angles, this.captions.angles, this.captions.learning)
  }

  // What is drawn where is known with the first view. Each layout keeps choices of its own.
  #begin(layout) {
    this.layout = layout
    this.choicesKey = layout === "lab" ? CHOICES_KEY : `${CHOICES_KEY}-${layout}`
    this.choices = savedChoices(this.choicesKey)
    this.toolbar = new Toolbar(layout, this.choices, (name) => this.chosen(name), () => this.fit())
    const { zoom, ...linked } = viewFromAddress(DEFAULT_CHOICES, this.toolbar.options)
    this.linkedZoom = zoom
    Object.assign(this.choices, linked)
    this.toolbar.refresh()
    this.root.insertBefore(this.toolbar.root, layout === "lab" ? this.learning : this.angles)
    this.root.classList.add(`dfa-layout-${layout}`)
  }

  attach(host) {
    if (this.root.parentElement !== host) host.append(this.root)
  }

  #watch() {
    this.ending = new AbortController()
    const { signal } = this.ending
    this.seen = new IntersectionObserver((entries) => this.#cameIntoSight(entries), { rootMargin: "150px" })
    this.sized = new ResizeObserver(() => this.redraw())
    this.sized.observe(this.root)
    document.addEventListener("visibilitychange", () => this.schedule(), { signal })
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => this.release(), { signal })
  }

  #cameIntoSight(entries) {
    for (const { target, isIntersecting } of entries) this.panels.get(target.dataset.panel).onScreen = isIntersecting
    this.schedule()
  }

  #plotlyFailed(error) {
    this.plotlyTrouble = `The charts cannot be drawn: ${error.message}. Reload the page to try again.`
    for (const panel of this.panels.values()) panel.explain()
  }

  // ---- what Python sends ----

  receive(view, setTriggerValue) {
    if (!view) return
    this.setTriggerValue = setTriggerValue
    if (!this.choices) this.#begin(view.layout ?? "lab")
    if (!this.view) this.zoomedX = this.linkedZoom ?? null
    else if (view.experiment !== this.view.experiment) this.#startOver()
    const first = !this.view
    // Streamlit may repeat a view that is older than the last answer, for instance when the theme changes.
    const repeated = !first && view.experiment === this.view.experiment && view.around === this.view.around
    this.view = { ...view, ...(repeated ? this.latest : {}) }
    this.drawnAround = view.around
    if (first) this.#toAddress()
    this.#show(0)
    this.news.follow(view.address, view.waits)
  }

  // What the server answers.
  told({ records, heat, ...moving }) {
    if (moving.around !== this.drawnAround) this.#sayStale()
    if (!records) return
    this.latest = moving
    if (moving.list !== this.store.list) this.store.clear(moving.list)
    Object.assign(this.view, moving, heat && { heat })
    this.#show(records.reduce((added, piece) => added + this.store.append(piece, this.view.metrics), 0))
  }

  #show(added) {
    stats.updates++
    stats.points = this.store.have
    const { view } = this
    this.status.show(view.title, { ...view.status, sentence: view.status.sentence || view.note })
    this.tiles.show(view, this.store, this.choices)
    this.toolbar.offerPlaces(view.layers)
    this.scale.show(view)
    shared.numbersShown.resolve()
    if (this.#pictureChanged(added)) this.#arrangePanels()
    for (const panel of this.panels.values()) panel.mark()
  }

  #startOver() {
    this.store.clear()
    this.latest = null // it was about another experiment
    this.#forgetZoom()
    this.#toAddress()
  }

  // Streamlit draws the page, and this view's fragment with it. It may be busy, so that it is told again.
  #sayStale() {
    const now = performance.now()
    if (now - this.staleAt < PATIENCE_MS) return
    this.staleAt = now
    stats.stale++
    this.setTriggerValue("stale", now)
  }

  #toAddress() {
    viewIntoAddress(this.choices, DEFAULT_CHOICES, this.zoomedX)
  }

  // A tick without news costs no drawing.
  #pictureChanged(added) {
    const { experiment, runs, layers, eps, random_band, definitions, heat } = this.view
    this.root.classList.toggle("dfa-large", Boolean(this.view.large))
    this.theme = themeOf(this.root)
    const drawnFrom = JSON.stringify([experiment, runs, layers, eps, random_band, definitions, heat?.measure, heat?.version, this.theme])
    const changed = added > 0 || drawnFrom !== this.drawnFrom
    this.drawnFrom = drawnFrom
    return changed
  }

  // ---- what the viewer chooses ----

  toggle(rule) {
    const { hidden } = this.choices
    this.choices.hidden = hidden.includes(rule) ? hidden.filter((other) => other !== rule) : [...hidden, rule]
    this.chosen("hidden")
  }

  chosen(name) {
    saveChoices(this.choicesKey, this.choices)
    if (name === "x") this.zoomedX = null
    if (name === "log") for (const [key, panel] of this.panels) if (key.startsWith("loss")) panel.zoomedY = null
    if (name === "angle" || name === "place") for (const panel of this.panels.values()) if (panel.definition.measure && !panel.definition.heat) panel.zoomedY = null
    if (name === "accuracy" && this.panels.has("error")) this.panels.get("error").zoomedY = null
    this.#toAddress()
    if (!this.view) return
    this.tiles.show(this.view, this.store, this.choices)
    this.#arrangePanels()
  }

  fit() {
    this.#forgetZoom()
    this.#toAddress()
    this.redraw()
  }

  #forgetZoom() {
    this.zoomedX = null
    for (const panel of this.panels.values()) panel.zoomedY = null
  }

  zoomed(panel, change) {
    const rangeOf = (axis) => change[`${axis}.range`] ?? (`${axis}.range[0]` in change ? [change[`${axis}.range[0]`], change[`${axis}.range[1]`]] : null)
    const x = rangeOf("xaxis")
    if (x) this.zoomedX = x.map(Number)
    const y = rangeOf("yaxis")
    if (y) panel.zoomedY = y.map(Number)
    if (x) this.#toAddress()
    if (x || y) this.redraw()
  }

  // ---- one cursor for all panels ----

  get margin() {
    return marginOf(this.theme)
  }

  pointAt(panel, event) {
    this.pointed = panel
    const box = panel?.plot.getBoundingClientRect()
    const share = panel && (event.clientX - box.left - this.margin.l) / (box.width - this.margin.l - this.margin.r)
    const inside = panel?.range && share >= 0 && share <= 1
    this.cursorAt = inside ? panel.range[0] + share * (panel.range[1] - panel.range[0]) : null
    this.cursorFrame ??= requestAnimationFrame(() => {
      this.cursorFrame = null
      this.#showCursor()
    })
  }

  #showCursor() {
    for (const panel of this.panels.values()) {
      const { width } = panel.plot.getBoundingClientRect()
      const visible = this.cursorAt !== null && panel.drawn && panel.onScreen
      panel.cursor.hidden = !visible
      if (visible) {
        const share = (this.cursorAt - panel.range[0]) / (panel.range[1] - panel.range[0])
        panel.cursor.style.left = `${this.margin.l + share * (width - this.margin.l - this.margin.r)}px`
      }
      if (panel === this.pointed || !panel.drawn || !panel.onScreen) continue
      if (panel.definition.heat) continue
      if (visible && panel.plot.data.length) globalThis.Plotly.Fx.hover(panel.plot, { xval: this.cursorAt }, "xy")
      else globalThis.Plotly.Fx.unhover(panel.plot)
    }
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

  #arrangePanels() {
    const lab = this.layout === "lab"
    const learning = lab ? learningPanels(this.choices, this.view.eps) : heatPanels(this.view, this.choices)
    const angles = lab ? anglePanels(this.view.layers, this.choices) : everyMeasure(this.view.layers, this.choices)
    const wanted = [...learning, ...angles]
    for (const [key, panel] of this.panels) {
      if (wanted.some((definition) => definition.key === key)) continue
      this.seen.unobserve(panel.root)
      panel.unmount()
      this.panels.delete(key)
    }
    learning.forEach((definition, place) => this.#place(definition, this.learning, place))
    angles.forEach((definition, place) => this.#place(definition, this.angles, place))
    this.#caption(this.captions.learning, learning)
    this.#caption(this.captions.angles, lab ? angles : [])
    this.redraw()
  }

  #place(definition, grid, place) {
    let panel = this.panels.get(definition.key)
    if (!panel) {
      panel = new Panel(this, definition)
      this.panels.set(definition.key, panel)
      this.seen.observe(panel.root)
    } else if (panel.definition.title !== definition.title) panel.describe(definition)
    panel.definition = definition
    if (grid.children[place] !== panel.root) grid.insertBefore(panel.root, grid.children[place] ?? null)
    panel.explain()
  }

  #caption(node, definitions) {
    const metrics = new Set(definitions.flatMap((panel) => panel.curves.flatMap((curve) => [curve.metric, curve.spread])))
    const known = [...metrics].filter((metric) => this.view.definitions?.[metric])
    const text = known.map((metric) => `${sentenceCase(metric)}: ${this.view.definitions[metric]}`)
    if (node.dataset.text === text.join()) return
    node.dataset.text = text.join()
    node.replaceChildren(...text.map((line) => element("p", "", line)))
  }

  redraw() {
    for (const panel of this.panels.values()) panel.stale = true
    this.schedule()
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => this.#drawNext())
  }

  // One panel a frame keeps clicks and scrolling quick between them.
  #drawNext() {
    this.frame = null
    if (!globalThis.Plotly || !this.view || this.held || document.hidden || this.ending.signal.aborted) return
    this.theme ??= themeOf(this.root)
    const next = [...this.panels.values()].find((panel) => panel.stale && panel.onScreen)
    if (!next) return
    next.draw(globalThis.Plotly)
    if (next !== this.pointed && this.cursorAt != null) this.#showCursor()
    this.schedule()
  }

  unmount() {
    stats.unmounts++
    this.news.end()
    this.ending.abort()
    this.seen.disconnect()
    this.sized.disconnect()
    cancelAnimationFrame(this.frame)
    cancelAnimationFrame(this.cursorFrame)
    for (const panel of this.panels.values()) panel.unmount()
    this.root.remove()
  }
}

shared.code.resolve(LiveView)

export default function ({ parentElement }) {
  const row = parentElement.closest("[data-testid=stElementContainer]")
  if (row) row.style.position = "absolute" // nothing to see here: without this the page shows a gap of one row
}
