// One cursor for all panels of a live view: what is pointed at in one is marked in the others.

import { marginOf } from "../charts/plot_layout.js"

export class SharedCursor {
  // `view`: whose panels they are
  constructor(view) {
    this.view = view
    this.at = null // on the horizontal axis
  }

  pointAt(panel, event) {
    const { margin } = this.view
    this.pointed = panel
    const box = panel?.plot.getBoundingClientRect()
    const share = panel && (event.clientX - box.left - margin.l) / (box.width - margin.l - margin.r)
    const inside = panel?.range && share >= 0 && share <= 1
    this.at = inside ? panel.range[0] + share * (panel.range[1] - panel.range[0]) : null
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null
      this.#show()
    })
  }

  // A panel that is drawn anew has lost it.
  drew(panel) {
    if (panel !== this.pointed && this.at !== null) this.#show()
  }

  #show() {
    for (const panel of this.view.panels.values()) {
      const visible = this.at !== null && panel.drawn && panel.onScreen
      panel.cursor.hidden = !visible
      if (visible) {
        panel.cursor.style.left = panel.placeOf(this.at).left
        panel.cursor.style.bottom = `${marginOf(this.view.theme, panel.plot.clientHeight).b}px`
      }
      if (panel === this.pointed || !panel.drawn || !panel.onScreen) continue
      if (panel.definition.heat) continue
      if (visible && panel.plot.data.length) globalThis.Plotly.Fx.hover(panel.plot, { xval: this.at }, "xy")
      else globalThis.Plotly.Fx.unhover(panel.plot)
    }
  }

  end() {
    cancelAnimationFrame(this.frame)
  }
}
