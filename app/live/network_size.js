// − and + above the networks: they change the fields of the form that say how deep and how wide the network of every rule is.
//
// What is offered (app/form/network_size.py): [{name, word, title, labels: [of −, of +], values, at}], where `values` are what the
// form's field may hold, in their order, and `at` is the place of what it holds now.

import { element, setAttribute } from "../charts/dom.js"

const ANSWERED_MS = 2000 // by then the form has what was pressed

export class NetworkSize {
  // change({name: value}): all that has been pressed and that the form does not hold yet
  constructor(change) {
    this.root = element("div", "dfa-size", "", { role: "group", "aria-label": "Size of the networks" })
    this.change = change
    this.wanted = {}
    // the space bar presses this button, and not the page's Pause
    this.root.addEventListener("keydown", (event) => event.key === " " && event.stopPropagation())
  }

  show(offered) {
    this.root.hidden = !offered.length
    const names = offered.map(({ name }) => name).join()
    if (names !== this.names) this.#build(offered)
    this.names = names
    const late = performance.now() - this.pressed > ANSWERED_MS
    for (const [n, size] of offered.entries()) {
      const place = size.values.indexOf(this.wanted[size.name]) // whoever presses twice is ahead of the form
      const at = late || place < 0 ? size.at : place
      if (at === size.at) delete this.wanted[size.name]
      this.sizes[n] = { ...size, at }
      this.#mark(n)
    }
  }

  #build(offered) {
    this.wanted = {}
    this.sizes = []
    this.buttons = offered.map(({ labels }, n) =>
      ["−", "+"].map((sign, up) => {
        const button = element("button", "", sign, { type: "button", "aria-label": labels[up] })
        button.addEventListener("click", () => this.#press(n, up ? 1 : -1))
        return button
      }),
    )
    const groups = offered.map(({ word }, n) => {
      const group = element("span")
      group.append(this.buttons[n][0], word, this.buttons[n][1])
      return group
    })
    this.root.replaceChildren(...groups)
  }

  #press(n, by) {
    const size = this.sizes[n]
    size.at += by
    this.wanted[size.name] = size.values[size.at]
    this.pressed = performance.now()
    this.#mark(n)
    this.change({ ...this.wanted })
  }

  #mark(n) {
    const { title, values, at } = this.sizes[n]
    for (const [up, button] of this.buttons[n].entries()) {
      const next = values[at + (up ? 1 : -1)]
      button.disabled = next === undefined
      setAttribute(button, "title", next === undefined ? `${title}: no further than ${values[at]}` : `${title}: ${next}`)
    }
  }
}
