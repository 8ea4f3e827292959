// The whole picture: a legend, the four phases in slow motion, and a panel for each rule. Its root moves with the component;
// which layer is open is kept here, so that no update closes it.

const shared = (globalThis.__dfaPath ??= {})
shared.code ??= Promise.withResolvers()
const stats = (globalThis.__dfa_path ??= { mounts: 0, updates: 0 })

class Panel {
  constructor(owner) {
    this.root = element("figure", "dfa-path-panel")
    this.heading = element("figcaption")
    this.name = element("strong")
    this.title = element("span")
    this.way = element("p", "dfa-path-way-told")
    this.heading.append(this.name, this.title)
    this.frame = element("div", "dfa-path-frame")
    this.details = new Details(() => owner.choose(owner.chosen, this))
    this.numbers = new Numbers()
    this.owner = owner
    const body = element("div", "dfa-path-body")
    body.append(this.frame, this.numbers.root)
    this.root.append(this.heading, this.way, body, this.details.root)
    this.frame.addEventListener("scroll", () => owner.scrolled(this), { passive: true })
  }

  show(panel, phase, chosen) {
    this.root.style.setProperty("--rule", panel.colour)
    this.root.dataset.rule = panel.rule
    this.root.dataset.path = panel.path
    setText(this.name, panel.rule)
    setText(this.title, panel.title)
    setText(this.way, panel.way)
    const built = JSON.stringify([panel.rule, panel.path, panel.matrix, panel.input, panel.parts.map((part) => part.shape)])
    if (built !== this.built) {
      this.diagram = new Diagram(panel, chosen, (number) => this.owner.choose(number, this))
      this.frame.replaceChildren(this.diagram.root)
      this.frame.classList.toggle("crowded", this.diagram.g.crowded)
      this.built = built
      this.#uncover(chosen)
    } else this.diagram.show(panel, chosen)
    this.details.show(panel, chosen)
    this.numbers.show(panel, phase)
  }

  // In a deep network the layer that a link opens may lie below what is seen.
  #uncover(chosen) {
    const node = this.diagram.nodes.get(chosen)?.group
    if (!node || !this.diagram.g.crowded) return
    const [box, frame] = [node.getBoundingClientRect(), this.frame.getBoundingClientRect()]
    this.frame.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2
  }
}

class PathView {
  constructor() {
    this.chosen = layerFromAddress() // number of the layer whose details are open
    this.panels = []
    this.root = element("div", "dfa-path")
    this.legend = this.#legend()
    this.steps = element("ol", "dfa-path-phases", "", { "aria-label": "Phases of a step" })
    this.grid = element("div", "dfa-path-grid")
    this.note = element("p", "dfa-path-note")
    this.root.append(this.legend, this.note, this.steps, this.grid)
    stats.mounts++
  }

  #legend() {
    const legend = element("div", "dfa-path-legend")
    const colour = element("div", "dfa-path-scale")
    colour.append(element("span", "", "Angle to the true gradient"), element("span", "", "0°"), element("i", "ramp"), element("span", "", "90° (chance)"), element("i", "away"), element("span", "", "120° and more"))
    const width = element("div", "dfa-path-scale")
    width.append(element("span", "", "Size of δ̂ (log)"))
    for (const [ratio, text] of [[1, "the rule's largest"], [0.1, "1/10"], [0.01, "1/100"], [0.001, "1/1000 or less"]]) {
      const line = element("i", "thick")
      line.style.height = `${widthOf(ratio, 1)}px`
      width.append(line, element("span", "", text))
    }
    const hint = element("div", "dfa-path-scale")
    hint.append(element("span", "", "Click a layer for its details."))
    legend.append(colour, width, hint)
    return legend
  }

  attach(host) {
    if (this.root.parentElement !== host) host.append(this.root)
  }

  receive(view) {
    if (!view) return
    stats.updates++
    this.view = view
    stats.step = view.step
    this.#theme()
    setText(this.note, view.note)
    this.root.classList.toggle("dfa-large", view.large)
    this.root.dataset.moving = String(view.moving)
    if (view.phase) this.root.dataset.phase = view.phase
    else delete this.root.dataset.phase
    this.#phases(view)
    while (this.panels.length > view.panels.length) this.panels.pop().root.remove()
    while (this.panels.length < view.panels.length) {
      const made = new Panel(this)
      this.panels.push(made)
      this.grid.append(made.root)
    }
    this.#show()
  }

  #show() {
    this.view.panels.forEach((panel, place) => this.panels[place].show(panel, this.view.phase, this.chosen))
  }

  // The angle's colours need a light or a dark ground; Streamlit says which by its colours only.
  #theme() {
    const canvas = (shared.swatch ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }))
    canvas.fillStyle = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#fff"
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data
    this.root.dataset.theme = 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light"
  }

  #phases(view) {
    this.steps.hidden = !view.phase
    const drawn = JSON.stringify([view.phase, view.phases, view.optimizer, view.panels.map((panel) => panel.rule)])
    if (!view.phase || drawn === this.stepsDrawn) return
    this.stepsDrawn = drawn
    this.steps.replaceChildren(
      ...view.phases.map(([name, pieces]) => {
        const item = element("li", "", "", name === view.phase ? { "aria-current": "step" } : {})
        item.append(element("strong", "", name))
        if (pieces) item.append(equation(pieces, null))
        else {
          for (const panel of view.panels) {
            const line = element("span", "dfa-path-own")
            line.append(element("b", "", panel.rule), equation(panel.equation, null))
            item.append(line)
          }
        }
        if (name === "update") item.append(element("small", "", view.optimizer))
        return item
      }),
    )
  }

  // The same layer opens under every rule, to be compared.
  choose(number, panel) {
    const closes = this.chosen === number
    this.chosen = closes ? null : number
    layerIntoAddress(this.chosen)
    this.#show()
    if (closes && panel.details.root.contains(document.activeElement)) panel.diagram.nodes.get(number)?.group.focus()
  }

  // Deep networks scroll together.
  scrolled(panel) {
    if (this.scrolling) return
    this.scrolling = true
    for (const other of this.panels) if (other !== panel) other.frame.scrollTop = panel.frame.scrollTop
    requestAnimationFrame(() => (this.scrolling = false))
  }

  unmount() {
    this.root.remove()
  }
}

shared.code.resolve(PathView)

export default function ({ parentElement }) {
  const row = parentElement.closest("[data-testid=stElementContainer]")
  if (row) row.style.position = "absolute" // nothing to see here: without this the page shows a gap of one row
}
