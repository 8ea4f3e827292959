// The whole picture: a legend, the four phases in slow motion, and a panel for each rule. Its root moves with the component;
// which layer is open is kept here, so that no update closes it.

import { element, setText } from "../charts/dom.js"
import { MountedView } from "../charts/mounted_view.js"
import { isDark } from "../charts/theme.js"
import { explain } from "../words/explained.js"
import { equation } from "./details.js"
import { widthOf } from "./geometry.js"
import { layerFromAddress, layerIntoAddress } from "./layer.js"
import { RulePanel } from "./rule_panel.js"

// Read by the browser tests, and handy in the console.
const stats = (globalThis.__dfa_path ??= { mounts: 0, updates: 0 })

export class View extends MountedView {
  constructor() {
    super("dfa-path")
    this.chosen = layerFromAddress() // number of the layer whose details are open
    this.panels = []
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
    colour.append(
      explained("Angle to the true gradient"),
      element("span", "", "0°"),
      element("i", "ramp"),
      explained("90° (chance)"),
      element("i", "away"),
      element("span", "", "120° and more"),
    )
    const width = element("div", "dfa-path-scale")
    width.append(explained("Size of δ̂ (log)"))
    for (const [ratio, text] of [
      [1, "the rule's largest"],
      [0.1, "1/10"],
      [0.01, "1/100"],
      [0.001, "1/1000 or less"],
    ]) {
      const line = element("i", "thick")
      line.style.height = `${widthOf(ratio, 1)}px`
      width.append(line, element("span", "", text))
    }
    const hint = element("div", "dfa-path-scale")
    hint.append(element("span", "", "Click a layer for its details."))
    legend.append(colour, width, hint)
    return legend
  }

  receive(view) {
    if (!view) return
    stats.updates++
    this.view = view
    stats.step = view.step
    this.root.dataset.theme = isDark(this.root) ? "dark" : "light" // the angle's colours need a light or a dark ground
    setText(this.note, view.note)
    this.enlarge(view.large)
    this.root.dataset.moving = String(view.moving)
    if (view.phase) this.root.dataset.phase = view.phase
    else delete this.root.dataset.phase
    this.#phases(view)
    while (this.panels.length > view.panels.length) this.panels.pop().root.remove()
    while (this.panels.length < view.panels.length) {
      const made = new RulePanel(this)
      this.panels.push(made)
      this.grid.append(made.root)
    }
    this.#show()
  }

  #show() {
    for (const [place, panel] of this.view.panels.entries()) this.panels[place].show(panel, this.view.phase, this.chosen)
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
}

function explained(text) {
  const made = element("span")
  explain(made, text)
  return made
}
