// What the Lab page shows of one rule: its newest figures (tiles.js), its network, live, and what that says now.

import { element, setAttribute, setText } from "../charts/dom.js"
import { pixel } from "../charts/theme.js"
import { explain } from "../words/explained.js"
import { Answers } from "./answers.js"
import { icon } from "./icon.js"
import { NetworkDrawing } from "./network_drawing.js"
import { paintSigned } from "./unit_pictures.js"

const OPEN = "M9 1h6v6l-2.2-2.2-4.6 4.6-1.6-1.6 4.6-4.6zM2 3h4v2H4v7h7v-2h2v4H2z"
const SHOWS = {
  plane: "what it gives everywhere in the plane",
  weights: "the weights of what comes into it",
  image: "what it gives for the first image",
  nothing: "",
}

export class NetworkCard {
  // `tile`: what has the rule's name and figures; `open(page)`: leads to the page that tells all
  constructor(rule, tile, open) {
    this.root = element("figure", "dfa-card", "", { "data-rule": rule })
    this.way = element("figcaption", "dfa-way")
    this.way.append(element("b"), element("span"))
    this.body = element("div", "dfa-card-body")
    this.drawing = new NetworkDrawing((unit, node) => this.#point(unit, node))
    this.answers = new Answers()
    this.open = element("button", "dfa-open", "", { type: "button", title: "The path of the error, with every figure" })
    this.open.append(icon(OPEN))
    this.open.setAttribute("aria-label", `${rule}: open the path of the error`)
    this.open.addEventListener("click", () => open("path"))
    this.answers.root.addEventListener("click", () => open("learnt"))
    this.drawing.root.addEventListener("click", ({ target }) => open(target.matches?.("canvas") ? "learnt" : "path"))
    this.large = element("div", "dfa-enlarged")
    this.large.hidden = true
    this.large.append(element("canvas"), element("span"))
    this.body.append(this.drawing.root, this.answers.root, this.large)
    this.root.append(tile, this.way, this.body, this.open)
  }

  // See network_drawing.js for `shown`.
  show(shown) {
    this.shown = shown
    this.root.dataset.path = shown.about.path
    explain(this.way.firstChild, shown.about.title)
    explain(this.way.lastChild, `: ${shown.about.way}`)
    this.drawing.show(shown)
    this.answers.show(shown)
    if (this.pointed && shown.glance) this.#enlarge()
    else this.#point(null)
  }

  #point(unit, node) {
    this.pointed = unit?.values ? unit : null
    this.large.hidden = !this.pointed
    if (!this.pointed) return
    const [box, around] = [node.getBoundingClientRect(), this.body.getBoundingClientRect()]
    const right = box.left - around.left > around.width / 2
    this.large.style.left = right ? "" : `${box.right - around.left + 8}px`
    this.large.style.right = right ? `${around.right - box.left + 8}px` : ""
    this.#enlarge()
  }

  #enlarge() {
    const { number, n, of, shows, units, values } = this.pointed
    const [canvas, text] = this.large.children
    const { still, theme } = this.shown
    canvas.classList.toggle("dfa-sharp", shows !== "plane")
    paintSigned(canvas, values, of[2], of[1], pixel(theme.background), still.signed)
    setText(text, `Layer ${number}, unit ${n + 1} of ${units}: ${SHOWS[shows]}. Orange: positive, blue: negative.`)
    setAttribute(this.large, "data-unit", `${number}:${n + 1}`)
  }

  unmount() {
    this.drawing.unmount()
    this.root.remove()
  }
}
