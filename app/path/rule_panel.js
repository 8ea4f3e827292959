// The panel of one rule: its diagram, the details of the open layer and, in slow motion, the numbers of the phase.

import { element, setText } from "../charts/dom.js"
import { explain } from "../words/explained.js"
import { Details } from "./details.js"
import { Diagram } from "./diagram.js"
import { Numbers } from "./numbers.js"

export class RulePanel {
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
    explain(this.title, panel.title)
    explain(this.way, panel.way)
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
