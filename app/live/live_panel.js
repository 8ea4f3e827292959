// One panel of the live chart, with a cursor that all panels share and a mark at the moment that is looked at.

import { element } from "../charts/dom.js"
import { layoutOf, marginOf } from "../charts/plot_layout.js"
import { PlotPanel } from "../charts/plot_panel.js"
import { linesOf, sentenceOf, tracesOf } from "./curves.js"
import { heatLayout, heatSentence, heatTraces } from "./heat.js"

const OVER = ["finished", "failed", "interrupted", "stopped"]

export class LivePanel extends PlotPanel {
  // `definition`: see measures.js
  constructor(owner, definition) {
    super(owner, definition.key)
    this.onScreen = false
    this.cursor = element("div", "dfa-cursor")
    this.cursor.hidden = true
    this.marker = element("div", "dfa-marker")
    this.marker.hidden = true
    this.frame.append(this.marker, this.cursor)
    if (definition.about) this.root.append(element("p", "dfa-about", owner.view.definitions?.[definition.about] ?? ""))
    this.frame.addEventListener("pointermove", (event) => owner.pointAt(this, event))
    this.frame.addEventListener("pointerleave", () => owner.pointAt(null))
    owner.seen.observe(this.root)
  }

  take(definition) {
    if (this.definition?.title !== definition.title) {
      this.heading.replaceChildren(element("span", "", definition.title))
      if (!definition.measure) this.heading.append(lineKey("test", "solid"), lineKey("train", "dotted"))
    }
    this.definition = definition
    this.explain()
  }

  explain() {
    this.root.classList.toggle("dfa-tall", this.definition.heat?.rows.length > 8)
    super.explain()
  }

  title() {
    return this.definition.title
  }

  sentence() {
    return this.definition.heat ? heatSentence(this.definition) : sentenceOf(this.definition, this.owner)
  }

  missing() {
    const { heat, curves } = this.definition
    const { view, store } = this.owner
    const measured = (curve) => view.runs.some((_, run) => store.get(run, curve.metric, curve.layer))
    if (heat?.steps.length) return ""
    if (curves.some(measured)) return this.#hidden() ? "All rules are hidden: press one above" : ""
    if (this.owner.before.of) return "" // its curves are there
    return OVER.includes(view.status?.state) ? "No values" : "No values yet"
  }

  context() {
    const { view, store, choices } = this.owner
    return { ...super.context(), view, store, choices, axis: choices.x, chance: this.#chance() }
  }

  #hidden() {
    const { view, choices } = this.owner
    return view.runs.every(({ rule }) => choices.hidden.includes(rule))
  }

  // The widest of the lines that are shown, as it was before the first step (dfa_lab/measure/kinds/chance.py). Seeds draw each a B
  // of their own, so that their mean lies closer to 90° than any of them.
  #chance() {
    const { measure, layer } = this.definition
    if (!measure?.chance) return null
    const { view, store, choices } = this.owner
    const shown = linesOf({ view, choices }).filter(({ run }) => !choices.hidden.includes(run.rule))
    const halves = shown.map(({ indices, seeds }) => ({
      half: Math.hypot(...indices.map((run) => store.newest(run, measure.chance, layer) ?? 0)) / seeds,
      seeds,
    }))
    const widest = halves.reduce((one, other) => (other.half > one.half ? other : one), { half: 0 })
    return widest.half ? { ...widest, samples: view.probe } : null
  }

  traces(context) {
    if (this.definition.heat) return heatTraces(this.definition)
    return [...this.owner.before.traces(this.definition, context), ...tracesOf(this.definition, context)]
  }

  layout(traces, context) {
    return this.definition.heat ? heatLayout(this.definition, context) : layoutOf(this.definition, traces, context)
  }

  drew(traces) {
    if (traces.some((trace) => trace.name)) this.owner.stats.drawn = this.owner.view.experiment
    this.mark()
  }

  // Where on the screen a value of the horizontal axis is: {share, left}; share: of the plot's width, left: in CSS pixels.
  placeOf(value) {
    const { l, r } = this.owner.margin
    const { width } = this.plot.getBoundingClientRect()
    const share = (value - this.range[0]) / (this.range[1] - this.range[0])
    return { share, left: `${l + share * (width - l - r)}px` }
  }

  // A line beside the plot and not in it: moving it draws nothing anew.
  mark() {
    const { choices, view, store } = this.owner
    const at = view.marker && (choices.x === "seconds" ? store.secondsAt(view.marker.step) : view.marker[choices.x])
    const { share, left } = this.drawn && !this.empty && at != null ? this.placeOf(at) : { share: -1 }
    this.marker.hidden = !(share >= 0 && share <= 1)
    if (this.marker.hidden) return
    this.marker.style.left = left
    this.marker.style.bottom = `${marginOf(this.owner.theme, this.plot.clientHeight).b}px`
  }

  unmount() {
    this.owner.seen.unobserve(this.root)
    super.unmount()
  }
}

function lineKey(word, style) {
  const key = element("span", "dfa-line-key", word)
  key.prepend(element("i", style))
  return key
}
