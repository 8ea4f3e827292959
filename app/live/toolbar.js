// The toolbar above the charts: how to draw.

import { element, setText } from "../charts/dom.js"
import { fitButton } from "../charts/fit_button.js"
import { MEASURES, placeOf } from "./measures.js"
import { howMany } from "./seeds.js"

export class Toolbar {
  constructor(layout, choices, onChange, onFit) {
    this.root = element("div", "dfa-toolbar", "", { role: "toolbar", "aria-label": "How to draw" })
    this.choices = choices
    this.onChange = onChange
    this.refreshers = []
    this.options = {} // name -> values that can be chosen, or what they look like
    if (layout === "lab") this.#labChoices()
    else this.places = this.#select("place", "Place that the curves are of", [[1, "Layer 1"]])
    if (this.places) this.options.place = /^(\d+|all)$/
    this.seeds = this.#segments("each", "Several seeds of a rule", [
      [false, "Mean ± s.d."],
      [true, "Each seed"],
    ])
    this.#slider()
    this.root.append(fitButton(onFit))
    this.refresh()
  }

  #labChoices() {
    this.#segments("x", "Horizontal axis", [
      ["step", "Step"],
      ["epoch", "Epoch"],
      ["seconds", "Seconds"],
    ])
    this.#segments("accuracy", "Error or accuracy", [
      [false, "Error"],
      [true, "Accuracy"],
    ])
    this.#select(
      "angle",
      "What is drawn layer by layer",
      Object.entries(MEASURES).map(([value, { name }]) => [value, name]),
    )
    this.#segments("log", "Loss axis", [
      [false, "Linear loss"],
      [true, "Log"],
    ])
  }

  // The layers that there are; the whole network and the readout, where they are measured.
  offerPlaces(layers) {
    if (!this.places || this.offered === layers.length) return
    this.offered = layers.length
    const readout = Math.max(0, ...layers) + 1
    const places = [...layers.map((layer) => [layer, `Layer ${layer}`]), [readout, "Readout"], ["all", "Whole network"]]
    this.places.replaceChildren(...places.map(([value, word]) => element("option", "", word, { value })))
    this.places.value = placeOf(layers, this.choices)
  }

  // How several seeds are drawn can be chosen where there are several.
  offerSeeds(runs) {
    this.seeds.hidden = howMany(runs) < 2
    this.root.classList.toggle("dfa-dense", !this.seeds.hidden)
  }

  refresh() {
    for (const refresh of this.refreshers) refresh()
  }

  #set(name, value) {
    this.choices[name] = value
    this.refresh()
    this.onChange(name)
  }

  #segments(name, label, options) {
    this.options[name] = options.map(([value]) => value)
    const group = this.root.appendChild(element("div", "dfa-segments", "", { role: "group", "aria-label": label }))
    for (const [value, word] of options) {
      const button = group.appendChild(element("button", "", word, { type: "button", "data-choice": `${name}:${value}` }))
      button.addEventListener("click", () => this.#set(name, value))
      this.refreshers.push(() => button.setAttribute("aria-pressed", this.choices[name] === value))
    }
    return group
  }

  #select(name, label, options) {
    const list = this.root.appendChild(
      element("select", "dfa-select", "", { "aria-label": label, title: label, "data-select": name }),
    )
    this.options[name] = options.map(([value]) => value)
    for (const [value, word] of options) list.append(element("option", "", word, { value }))
    list.addEventListener("change", () => this.#set(name, list.value))
    this.refreshers.push(() => (list.value = this.choices[name]))
    return list
  }

  #slider() {
    const label = this.root.appendChild(element("label", "dfa-smoothing", "Smoothing"))
    const input = label.appendChild(element("input", "", "", { type: "range", min: 0, max: 0.99, step: 0.01 }))
    const output = label.appendChild(element("output"))
    input.addEventListener("input", () => this.#set("smoothing", Number(input.value)))
    this.refreshers.push(() => {
      input.value = this.choices.smoothing
      setText(output, this.choices.smoothing.toFixed(2))
    })
  }
}
