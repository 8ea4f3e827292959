// A tile for each rule: its newest values, and a button that hides its lines, as a click anywhere on the tile does. On the Lab page each stands on top of the rule's
// network (network_card.js).

import { element, setText } from "../charts/dom.js"
import { explain } from "../words/explained.js"
import { count, formatted, mean, shownValue } from "./formatting.js"
import { icon } from "./icon.js"
import { NetworkCard } from "./network_card.js"
import { spread } from "./seeds.js"

const EYE =
  "M8 3C4.5 3 1.7 5.2.5 8c1.2 2.8 4 5 7.5 5s6.3-2.2 7.5-5C14.3 5.2 11.5 3 8 3zm0 8.2A3.2 3.2 0 1 1 8 4.8a3.2 3.2 0 0 1 0 6.4zm0-1.7a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z"

// Of one seed its value; of several their mean and standard deviation, once all of them have one.
function figure(values, unit) {
  const { mean: middle, deviation } = spread(values)
  if (values.length === 1 || middle === null) return formatted(middle, unit)
  const [value, around] = [middle, deviation].map((number) => formatted(number, unit).replace(/ ?[%°]$/, ""))
  return `${value} ± ${around}${unit === "%" ? " %" : unit}`
}

export class Tiles {
  constructor(onToggle) {
    this.root = element("section", "dfa-tiles", "", { "aria-label": "Rules: click one to hide or show it" })
    this.onToggle = onToggle
    this.tiles = new Map()
    this.cards = new Map()
  }

  // From now on. `onOpen(page)`: the viewer wants the page that tells all about a network.
  drawNetworks(onOpen) {
    this.onOpen = onOpen
    this.root.classList.add("dfa-cards")
  }

  show(view, store, choices) {
    const rules = Map.groupBy(
      view.runs.map((run, index) => ({ ...run, index })),
      (run) => run.rule,
    )
    for (const [rule, tile] of this.tiles) {
      if (rules.has(rule)) continue
      tile.root.remove()
      this.cards.get(rule)?.unmount()
      this.tiles.delete(rule)
      this.cards.delete(rule)
    }
    for (const [rule, runs] of rules) this.#showTile(rule, runs, view, store, choices)
  }

  #showTile(rule, runs, view, store, choices) {
    const tile = this.tiles.get(rule) ?? this.#make(rule)
    const shown = !choices.hidden.includes(rule)
    const sameName = runs.every((run) => run.name === runs[0].name)
    for (const root of [tile.root, this.cards.get(rule)?.root]) root?.style.setProperty("--rule", runs[0].colour)
    tile.root.dataset.shown = shown
    tile.toggle.setAttribute("aria-pressed", shown)
    tile.toggle.title = shown ? `Hide ${rule}` : `Show ${rule}`
    setText(tile.full, this.onOpen ? "" : view.rules[rule].title) // a card says it below
    setText(tile.name, sameName ? runs[0].name : rule)
    setText(tile.seeds, runs.length > 1 ? `${runs.length} seeds` : "")
    const errors = runs.map((run) => shownValue("test_error", store.newest(run.index, "test_error", null), choices))
    const tested = runs.map((run) => store.newestStep(run.index, "test_error", null))
    setText(tile.error, figure(errors, "%"))
    showDated(tile.errorName, choices.accuracy ? "test accuracy" : "test error", dated(tested, view, store))
    const angles = runs.map((run) => mean(view.layers.map((layer) => store.newest(run.index, "signal_angle", layer))))
    const measured = runs.flatMap((run) => view.layers.map((layer) => store.newestStep(run.index, "signal_angle", layer)))
    setText(tile.angle, figure(angles, "°"))
    showDated(tile.angleName, "signal angle", dated(measured, view, store))
    this.#showNetwork(rule, runs[0].index, view, store)
  }

  // The network of the rule's first seed, at the moment that is looked at.
  #showNetwork(rule, run, view, store) {
    const card = this.cards.get(rule)
    if (!card) return
    const { layers, marker, glance, theme } = view
    const seen = glance && (!marker || glance.at === marker.step) ? glance : null
    const of = (metric) => layers.map((layer) => store.newest(run, metric, layer, marker?.step))
    card.show({
      rule,
      layers,
      about: view.rules[rule],
      angles: of("signal_angle"),
      ratios: of("signal_ratio"),
      glance: seen?.rules[rule] ? { ...seen.rules[rule], version: seen.version } : null,
      still: seen?.still ?? null,
      theme,
      large: view.large,
    })
  }

  #make(rule) {
    const tile = { root: element("div", "dfa-tile"), toggle: element("button", "dfa-toggle", "", { type: "button" }) }
    tile.name = element("span", "dfa-tile-name")
    tile.seeds = element("span", "dfa-tile-seeds")
    tile.full = element("span", "dfa-tile-seeds")
    tile.toggle.append(tile.name, tile.full, tile.seeds)
    tile.error = element("span", "dfa-figure")
    tile.errorName = figureName()
    tile.angle = element("span", "dfa-figure")
    tile.angleName = figureName()
    tile.root.append(tile.toggle)
    for (const pair of [
      [tile.error, tile.errorName],
      [tile.angle, tile.angleName],
    ]) {
      const box = tile.root.appendChild(element("span", "dfa-pair"))
      box.append(...pair)
    }
    tile.root.append(icon(EYE))
    tile.root.addEventListener("click", () => this.onToggle(rule))
    this.tiles.set(rule, tile)
    if (this.onOpen) this.cards.set(rule, new NetworkCard(rule, tile.root, this.onOpen))
    this.root.append(this.cards.get(rule)?.root ?? tile.root)
    return tile
  }
}

// What a figure is of, a comma, and in an element of its own, which no line break divides, its step.
function figureName() {
  const name = element("span", "dfa-figure-name")
  name.append(element("span"), element("span"), element("span", "dfa-figure-step"))
  return name
}

// The step of the oldest part of a figure where the training is further on, else nothing.
function dated(steps, view, store) {
  const known = steps.filter((step) => step !== null)
  const oldest = Math.min(...known)
  const now = Math.max(store.last.step, view.status?.step ?? 0)
  return known.length && oldest < now ? `step ${count.format(oldest)}` : ""
}

function showDated(place, name, step) {
  const [label, comma, date] = place.children
  explain(label, name)
  setText(comma, step ? ", " : "")
  setText(date, step)
}
