// The live view. What Streamlit tells it (message.py), when the page is drawn:
//   experiment: id; another id clears the data and keeps the viewer's choices
//   address: where it asks for news (news.js); waits: whether there will be any
//   large: for a projector; title; note: said where the status says nothing
//   runs: [{name, rule, seed, colour}]; the place in the list is the run number
//   layout: "angles" for the page of that name
//   before: null, or {experiment, had}: which one this has taken the place of, and what that had other settings in
//   sizes: what − and + above the networks change (network_size.js)
//   marker: null, or {step, epoch}, where a line is drawn
//   measures: what may be drawn layer by layer (measures.js); eps: of adversarial training, 0: none
//   definitions: {metric: text}; metrics: names, as records use numbers
// and what it is told with every answer:
//   around: of what the page around it is drawn; another one: the page must be drawn anew
//   status: {state, sentence, step, steps, epoch, epochs, rate, left, device}
//   layers: hidden blocks; probe: samples that angles are means over; most_directions: {layer: number}, what the effective rank can be at most
//   glance, for the layout "lab": units, weights and answers of the networks (glances.py), with news; or, `at` a past step, with
//     the view, and then awaited: it is being replayed
//   heat, for the layout "angles": {measure, rules: {rule: {steps, rows, values}}, version}; only with news
//   list: which list records are of; another one: they are all of it, and those before are not true any more
//   records: pieces in a row, each of them columns {from, run, metric, layer, step, epoch, seconds, value}; from: place of its
//     first in the whole list

import { element } from "../charts/dom.js"
import { marginOf } from "../charts/plot_layout.js"
import { PlotView } from "../charts/plot_view.js"
import { numbersAreShown } from "../charts/plotly_loader.js"
import { isDark, themeOf } from "../charts/theme.js"
import { viewFromAddress, viewIntoAddress } from "./address.js"
import { Before } from "./before.js"
import { showCaptions } from "./captions.js"
import { heatPanels, ScaleKey } from "./heat.js"
import { LivePanel } from "./live_panel.js"
import { anglePanels, everyMeasure, inTurns, learningPanels, learnMeasures } from "./measures.js"
import { NetworkSize } from "./network_size.js"
import { News } from "./news.js"
import { arrangeIn } from "./panel_columns.js"
import { RecordStore } from "./records.js"
import { choicesKey, DEFAULT_CHOICES, saveChoices, savedChoices } from "./saved_choices.js"
import { howMany } from "./seeds.js"
import { SharedCursor } from "./shared_cursor.js"
import { stats } from "./stats.js"
import { StatusStrip } from "./status_strip.js"
import { Tiles } from "./tiles.js"
import { Toolbar } from "./toolbar.js"

const PATIENCE_MS = 3000
const AWAITED_MS = 700 // until a replay is looked for again

export class View extends PlotView {
  constructor() {
    super("dfa-live", stats)
    this.store = new RecordStore()
    this.seen = new IntersectionObserver((entries) => this.#cameIntoSight(entries), { rootMargin: "150px" })
    this.news = new News(
      () => ({
        have: this.store.have,
        list: this.store.list,
        version: this.view.heat?.version ?? -1,
        ...(this.networksSeen && !this.view.marker && { glance: this.view.glance?.version ?? 0 }),
      }),
      (answer) => this.told(answer),
    )
    this.cursor = new SharedCursor(this)
    this.#build()
  }

  makePanel(definition) {
    return new LivePanel(this, definition)
  }

  fullRange() {
    const { x } = this.choices
    return [0, Math.max(this.store.last[x], this.before.end(x, this.view?.status)) || 1]
  }

  #build() {
    this.status = new StatusStrip()
    this.tiles = new Tiles((rule) => this.toggle(rule))
    this.scale = new ScaleKey()
    this.learning = element("div", "dfa-grid")
    this.angles = element("div", "dfa-grid")
    this.captions = element("div", "dfa-captions")
    this.before = new Before(() => this.redraw())
    this.root.append(this.status.root, this.tiles.root, this.scale.root, this.before.root)
    this.root.append(this.learning, this.angles, this.captions)
  }

  // What is drawn where is known with the first view. Each layout keeps choices of its own.
  #begin(layout) {
    this.layout = layout
    this.choicesKey = choicesKey(layout)
    this.choices = savedChoices(this.choicesKey)
    this.toolbar = new Toolbar(
      layout,
      this.choices,
      (name) => this.chosen(name),
      () => this.fit(),
    )
    const { zoom, ...linked } = viewFromAddress(DEFAULT_CHOICES, this.toolbar.options)
    this.linkedZoom = zoom
    Object.assign(this.choices, linked)
    this.toolbar.refresh()
    this.root.insertBefore(this.toolbar.root, layout === "lab" ? this.learning : this.angles)
    this.root.classList.add(`dfa-layout-${layout}`)
    if (layout !== "lab") return
    this.tiles.drawNetworks((page) => this.setTriggerValue("open", page))
    this.sizes = new NetworkSize((wanted) => this.setTriggerValue("sizes", wanted))
    this.status.putBeside(this.sizes.root)
    this.networksSeen = true
    this.seen.observe(this.tiles.root)
  }

  isInSight(panel) {
    return panel.onScreen
  }

  #cameIntoSight(entries) {
    for (const { target, isIntersecting } of entries) {
      if (target === this.tiles.root) this.networksSeen = isIntersecting
      else this.panels.get(target.dataset.panel).onScreen = isIntersecting
    }
    this.schedule()
  }

  // ---- what Python sends ----

  receive(view, { setTriggerValue }) {
    if (!view) return
    this.setTriggerValue = setTriggerValue
    if (!this.choices) {
      learnMeasures(view.measures)
      this.#begin(view.layout ?? "lab")
    }
    if (!this.view) this.zoomedX = this.linkedZoom ?? null
    else if (view.experiment !== this.view.experiment) this.#startOver(view.before)
    const first = !this.view
    // Streamlit may repeat a view that is older than the last answer, for instance when the theme changes.
    const repeated = !first && view.experiment === this.view.experiment && view.around === this.view.around
    const kept = this.view?.experiment === view.experiment ? this.view.glance : null
    this.view = { ...view, ...(repeated ? this.latest : {}), glance: view.glance ?? kept }
    this.drawnAround = view.around
    this.sizes?.show(view.sizes ?? [])
    if (first) this.#toAddress()
    this.#show(0)
    this.news.follow(view.address, view.waits)
    if (view.awaited) setTimeout(() => this.#lookAgain(), AWAITED_MS)
  }

  // What the server answers.
  told({ records, heat, glance, ...moving }) {
    if (moving.around !== this.drawnAround) this.#sayStale()
    if (!records) return
    this.latest = moving
    if (moving.list !== this.store.list) this.store.clear(moving.list)
    Object.assign(this.view, moving, heat && { heat }, glance && { glance })
    this.#show(records.reduce((added, piece) => added + this.store.append(piece, this.view.metrics), 0))
  }

  #show(added) {
    stats.updates++
    stats.points = this.store.have
    const { view } = this
    view.theme = themeOf(this.root)
    if (view.theme.background !== this.ground) this.root.dataset.theme = isDark(this.root) ? "dark" : "light"
    this.ground = view.theme.background
    this.status.show(view.title, { ...view.status, sentence: view.status.sentence || view.note })
    this.tiles.show(view, this.store, this.choices)
    this.toolbar.offerPlaces(view.layers)
    this.toolbar.offerSeeds(view.runs)
    this.scale.show(view)
    numbersAreShown()
    if (this.#pictureChanged(added)) this.#arrangePanels()
    for (const panel of this.panels.values()) panel.mark()
  }

  // `before`: {experiment, had}, where what is on screen was the viewer's own and other settings have taken its place
  #startOver(before) {
    const { view, store } = this
    this.before.take(before?.experiment === view.experiment && store.have ? { view, store, had: before.had } : null)
    this.store = new RecordStore()
    this.latest = null // it was about another experiment
    this.forgetZoom()
    this.#toAddress()
  }

  #lookAgain() {
    this.staleAt = null
    if (!this.ending.signal.aborted) this.#sayStale()
  }

  // Streamlit draws the page, and this view's fragment with it. It may be busy, so that it is told again.
  #sayStale() {
    const now = performance.now()
    if (this.staleAt && now - this.staleAt < PATIENCE_MS) return
    this.staleAt = now
    stats.stale++
    this.setTriggerValue("stale", now)
  }

  #toAddress() {
    viewIntoAddress(this.choices, DEFAULT_CHOICES, this.zoomedX)
  }

  // A tick without news costs no drawing.
  #pictureChanged(added) {
    const { experiment, runs, layers, eps, probe, definitions, heat } = this.view
    this.enlarge(this.view.large)
    this.theme = themeOf(this.root)
    const drawnFrom = JSON.stringify([
      experiment,
      runs,
      layers,
      eps,
      probe,
      definitions,
      heat?.measure,
      heat?.version,
      this.theme,
    ])
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
    if (name === "angle" || name === "place")
      for (const panel of this.panels.values()) if (panel.definition.measure && !panel.definition.heat) panel.zoomedY = null
    if (name === "accuracy" && this.panels.has("error")) this.panels.get("error").zoomedY = null
    this.#toAddress()
    if (!this.view) return
    this.tiles.show(this.view, this.store, this.choices)
    this.#arrangePanels()
  }

  zoomChanged() {
    this.#toAddress()
  }

  get margin() {
    return marginOf(this.theme)
  }

  pointAt(panel, event) {
    this.cursor.pointAt(panel, event)
  }

  // ---- drawing ----

  #arrangePanels() {
    const lab = this.layout === "lab"
    const learning = lab ? learningPanels(this.choices, this.view.eps) : heatPanels(this.view, this.choices)
    const angles = lab ? anglePanels(this.view.layers, this.choices) : everyMeasure(this.view.layers, this.choices)
    const grids = lab
      ? [[this.learning, inTurns(learning, angles)]]
      : [
          [this.learning, learning],
          [this.angles, angles],
        ]
    this.arrange(grids)
    this.#setColumns()
    const seeds = this.choices.each ? 1 : howMany(this.view.runs)
    showCaptions(this.captions, lab ? [...learning, ...angles] : learning, this.view.definitions, seeds)
    this.redraw()
  }

  #setColumns() {
    const count = this.learning.childElementCount
    if (this.layout === "lab" && count) arrangeIn(this.learning, this.root.clientWidth, count, this.view.large)
  }

  resized() {
    if (this.view) this.#setColumns()
  }

  drew(panel) {
    this.cursor.drew(panel)
  }

  unmount() {
    stats.unmounts++
    this.news.end()
    this.seen.disconnect()
    this.cursor.end()
    super.unmount()
  }
}
