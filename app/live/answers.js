// What a network says now, beside its drawing: the plane as it divides it, or a few test images and what it takes each for.

import { element, setAttribute, setText } from "../charts/dom.js"
import { pixel } from "../charts/theme.js"
import { bytesOf, paintPlane } from "./unit_pictures.js"

export class Answers {
  constructor() {
    this.root = element("div", "dfa-answers", "", { role: "img" })
    this.items = []
  }

  // See network_drawing.js for `shown`.
  show({ rule, glance, still, theme }) {
    const kind = still?.places ? "plane" : still?.images ? "images" : ""
    this.root.hidden = !kind || !glance?.given.length
    if (this.root.hidden) return
    const drawn = `${glance.version} ${theme.background}`
    if (drawn === this.drawn) return
    this.drawn = drawn
    if (kind !== this.kind || still.images?.[0] !== this.first) this.#build(kind, still)
    if (kind === "plane") {
      paintPlane(this.canvas, glance.given, bytesOf(glance.sure), still, pixel(theme.background))
      setAttribute(this.root, "aria-label", `How ${rule} divides the plane into ${still.names.length} classes now`)
    } else this.#showImages(rule, glance, still)
  }

  #build(kind, still) {
    this.kind = kind
    this.first = still.images?.[0]
    this.root.dataset.kind = kind
    if (kind === "plane") {
      this.canvas = element("canvas", "", "", { "aria-hidden": "true" })
      this.root.replaceChildren(this.canvas)
      return
    }
    this.items = still.images.map((src) => {
      const item = element("span", "dfa-answer")
      item.append(element("img", "dfa-sharp", "", { src, alt: "" }), element("b"))
      return item
    })
    this.root.replaceChildren(...this.items)
  }

  #showImages(rule, glance, still) {
    const said = this.items.map((item, at) => {
      const [given, truth] = [glance.given[at], still.classes[at]]
      const right = given === truth
      item.dataset.right = right
      item.title = `${rule} says ${still.names[given]}${right ? "" : `; it is ${still.names[truth]}`}`
      setText(item.lastChild, `${right ? "✓" : "✗"} ${still.names[given].slice(0, 4)}`)
      return item.title
    })
    setAttribute(this.root, "aria-label", `Test images: ${said.join(", ")}`)
  }
}
