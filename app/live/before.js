// What was on screen before a setting was changed: its curves stay behind the new ones, faint, until the viewer puts them away.

import { element, setText } from "../charts/dom.js"
import { tracesOf } from "./curves.js"

const FAINT = 0.3

export class Before {
  // onChange(): they have been put away
  constructor(onChange) {
    this.root = element("div", "dfa-before", "", { role: "note" })
    this.words = element("span")
    const button = element("button", "", "Hide", { type: "button", "aria-label": "Hide the faint curves" })
    button.addEventListener("click", () => {
      this.take(null)
      onChange()
    })
    this.root.append(this.words, button)
    this.take(null)
  }

  // `of`: {view, store, had} of the experiment before; null: nothing is behind the curves
  take(of) {
    this.of = of
    this.root.hidden = !of
    if (of) setText(this.words, `Faint: before the change (${of.had})`)
  }

  // How far the axis goes so that both can be compared: no further than the new one will.
  end(axis, status) {
    const last = this.of?.store.last[axis] ?? 0
    const planned = { epoch: status?.epochs, step: status?.steps }[axis] ?? last
    return Math.min(last, planned)
  }

  traces(panel, context) {
    if (!this.of || panel.heat) return []
    const { view, store } = this.of
    return tracesOf(panel, { ...context, view, store })
      .filter((trace) => trace.name)
      .map(({ name, hovertemplate, ...trace }) => ({
        ...trace,
        uid: `before-${trace.uid}`,
        mode: "lines",
        opacity: FAINT,
        hoverinfo: "skip",
      }))
  }
}
