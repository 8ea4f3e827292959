// What stands around the charts: status strip, tiles and toolbar. Needs no plotly, so it shows at once.

const STATES = {
  running: ["Running", "M4 2.5v11l9-5.5z"],
  paused: ["Paused", "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z"],
  finished: ["Finished", "M6.3 13.2 1.6 8.5l1.9-1.9 2.8 2.8 6.2-6.3 1.9 1.9z"],
  failed: ["Failed", "M8 1 .5 14.5h15zM7.2 5.8h1.6v4.4H7.2zm0 5.4h1.6v1.6H7.2z"],
  interrupted: ["Interrupted", "M9.5.5 3 9h4l-1.5 6.5L13 6.5H8.5z"],
  loading: ["Loading", "M7 1h2v7.2l2.6-2.6L13 7l-5 5-5-5 1.4-1.4L7 8.2zM2.5 13.2h11v1.8h-11z"],
  queued: ["Queued", "M3.5 1h9v2.5L9.5 8l3 4.5V15h-9v-2.5L6.5 8l-3-4.5z"],
  stopped: ["Stopped", "M3 3h10v10H3z"],
}
const EYE = "M8 3C4.5 3 1.7 5.2.5 8c1.2 2.8 4 5 7.5 5s6.3-2.2 7.5-5C14.3 5.2 11.5 3 8 3zm0 8.2A3.2 3.2 0 1 1 8 4.8a3.2 3.2 0 0 1 0 6.4zm0-1.7a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z"
const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

function element(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 16 16")
  svg.setAttribute("aria-hidden", "true")
  svg.append(document.createElementNS(svg.namespaceURI, "path"))
  svg.firstChild.setAttribute("d", path)
  svg.firstChild.setAttribute("fill-rule", "evenodd")
  return svg
}

// Writes only what changed: a text that is set anew is read out anew and loses its selection.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}

class StatusStrip {
  constructor() {
    this.root = element("section", "dfa-status", "", { "aria-label": "Status" })
    this.state = element("span", "dfa-state", "", { role: "status" })
    this.title = element("span", "dfa-title")
    this.bar = element("div", "dfa-progress", "", { role: "progressbar", "aria-label": "Training steps done", "aria-valuemin": 0, "aria-valuemax": 100 })
    this.fill = this.bar.appendChild(element("div"))
    this.facts = element("dl", "dfa-facts")
    this.values = new Map()
    this.sentence = element("p", "dfa-sentence")
    const head = element("div", "dfa-status-head")
    head.append(this.state, this.title)
    this.root.append(head, this.bar, this.facts, this.sentence)
  }

  show(title, status) {
    this.#showState(status.state)
    setText(this.title, title ?? "")
    const done = status.steps ? Math.min(100, (100 * (status.step ?? 0)) / status.steps) : 0
    this.fill.style.width = `${done}%`
    this.bar.setAttribute("aria-valuenow", done.toFixed(0))
    this.#fact("Epoch", status.epochs && `${(status.epoch ?? 0).toFixed(status.epochs < 100 ? 1 : 0)} / ${count.format(status.epochs)}`)
    this.#fact("Step", status.steps && `${count.format(status.step ?? 0)} / ${count.format(status.steps)}`)
    this.#fact("Speed", status.rate && `${count.format(status.rate)} samples/s`)
    this.#fact("Time left", status.left != null && status.state === "running" && duration(status.left))
    this.#fact("Device", status.device)
    setText(this.sentence, status.sentence ?? "")
    this.sentence.hidden = !status.sentence
    const grave = status.state === "failed" || status.state === "interrupted"
    this.sentence.setAttribute("role", grave ? "alert" : "note")
    this.root.dataset.grave = grave
  }

  #showState(state) {
    if (this.root.dataset.state === state) return
    const [word, path] = STATES[state] ?? [state, STATES.queued[1]]
    this.root.dataset.state = state
    this.state.replaceChildren(icon(path), word)
  }

  #fact(name, text) {
    let pair = this.values.get(name)
    if (!pair) {
      pair = this.facts.appendChild(element("div"))
      pair.append(element("dt", "", name), element("dd"))
      this.values.set(name, pair)
    }
    pair.hidden = !text
    setText(pair.lastChild, text || "")
  }
}

class Tiles {
  constructor(onToggle) {
    this.root = element("section", "dfa-tiles", "", { "aria-label": "Rules: click one to hide or show it" })
    this.onToggle = onToggle
    this.tiles = new Map()
  }

  show(view, store, choices) {
    const rules = Map.groupBy(view.runs.map((run, index) => ({ ...run, index })), (run) => run.rule)
    for (const [rule, tile] of this.tiles) if (!rules.has(rule)) (tile.root.remove(), this.tiles.delete(rule))
    for (const [rule, runs] of rules) this.#showTile(rule, runs, view, store, choices)
  }

  #showTile(rule, runs, view, store, choices) {
    const tile = this.tiles.get(rule) ?? this.#make(rule)
    const shown = !choices.hidden.includes(rule)
    const sameName = runs.every((run) => run.name === runs[0].name)
    tile.root.style.setProperty("--rule", runs[0].colour)
    tile.root.setAttribute("aria-pressed", shown)
    tile.root.title = shown ? `Hide ${rule}` : `Show ${rule}`
    setText(tile.name, sameName ? runs[0].name : rule)
    setText(tile.seeds, runs.length > 1 ? `${runs.length} seeds` : "")
    const errors = runs.map((run) => shownValue("test_error", store.newest(run.index, "test_error", null), choices))
    const angles = runs.flatMap((run) => view.layers.map((layer) => store.newest(run.index, "signal_angle", layer)))
    setText(tile.error, formatted(mean(errors), "%"))
    setText(tile.errorName, choices.accuracy ? "test accuracy" : "test error")
    setText(tile.angle, formatted(mean(angles), "°"))
  }

  #make(rule) {
    const tile = { root: element("button", "dfa-tile", "", { type: "button" }) }
    tile.name = element("span", "dfa-tile-name")
    tile.seeds = element("span", "dfa-tile-seeds")
    const name = element("span", "dfa-tile-head")
    name.append(tile.name, tile.seeds)
    tile.error = element("span", "dfa-figure")
    tile.errorName = element("span", "dfa-figure-name")
    tile.angle = element("span", "dfa-figure")
    const angleName = element("span", "dfa-figure-name", "signal angle")
    tile.root.append(name)
    for (const pair of [[tile.error, tile.errorName], [tile.angle, angleName]]) {
      const box = tile.root.appendChild(element("span", "dfa-pair"))
      box.append(...pair)
    }
    tile.root.append(icon(EYE))
    tile.root.addEventListener("click", () => this.onToggle(rule))
    this.tiles.set(rule, tile)
    this.root.append(tile.root)
    return tile
  }
}

function mean(values) {
  const known = values.filter((value) => value !== null)
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null
}

class Toolbar {
  constructor(layout, choices, onChange, onFit) {
    this.root = element("section", "dfa-toolbar", "", { role: "toolbar", "aria-label": "How to draw" })
    this.choices = choices
    this.onChange = onChange
    this.refreshers = []
    this.options = {} // name -> values that can be chosen, or what they look like
    if (layout === "lab") this.#labChoices()
    else this.places = this.#select("place", "Place that the curves are of", [[1, "Layer 1"]])
    if (this.places) this.options.place = /^(\d+|all)$/
    this.#slider()
    const fit = element("button", "dfa-fit", "Fit", { type: "button", title: "Reset the zoom of all panels (double-click in a panel does the same)" })
    fit.addEventListener("click", onFit)
    this.root.append(fit)
    this.refresh()
  }

  #labChoices() {
    this.#segments("x", "Horizontal axis", [["step", "Step"], ["epoch", "Epoch"], ["seconds", "Seconds"]])
    this.#segments("accuracy", "Error or accuracy", [[false, "Error"], [true, "Accuracy"]])
    this.#select("angle", "What is drawn layer by layer", Object.entries(MEASURES).map(([value, { name }]) => [value, name]))
    this.#segments("log", "Loss axis", [[false, "Linear loss"], [true, "Log"]])
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
  }

  #select(name, label, options) {
    const list = this.root.appendChild(element("select", "dfa-select", "", { "aria-label": label, title: label, "data-select": name }))
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
