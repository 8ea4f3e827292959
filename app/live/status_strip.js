// The status above the charts. Needs no plotly, so it shows at once.

import { element, setText } from "../charts/dom.js"
import { explain } from "../words/explained.js"
import { count, duration } from "./formatting.js"
import { icon } from "./icon.js"

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

export class StatusStrip {
  constructor() {
    this.root = element("section", "dfa-status", "", { "aria-label": "Status" })
    this.state = element("span", "dfa-state", "", { role: "status" })
    this.title = element("span", "dfa-title")
    this.bar = element("div", "dfa-progress", "", {
      role: "progressbar",
      "aria-label": "Training steps done",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    })
    this.fill = this.bar.appendChild(element("div"))
    this.facts = element("dl", "dfa-facts")
    this.values = new Map()
    this.sentence = element("p", "dfa-sentence")
    this.head = element("div", "dfa-status-head")
    this.head.append(this.state, this.title)
    this.root.append(this.head, this.bar, this.facts, this.sentence)
  }

  // In the row of what is trained, behind it.
  putBeside(node) {
    this.head.after(node)
  }

  show(title, status) {
    this.#showState(status.state)
    explain(this.title, title ?? "")
    const done = status.steps ? Math.min(100, (100 * (status.step ?? 0)) / status.steps) : 0
    const loading = status.state === "loading" // nobody knows how long yet
    this.bar.classList.toggle("dfa-loading", loading)
    this.fill.style.width = loading ? "30%" : `${done}%`
    if (loading) this.bar.removeAttribute("aria-valuenow")
    else this.bar.setAttribute("aria-valuenow", done.toFixed(0))
    this.bar.setAttribute("aria-label", loading ? "Loading" : "Training steps done")
    this.#fact(
      "Epoch",
      status.epochs && `${(status.epoch ?? 0).toFixed(status.epochs < 100 ? 1 : 0)} / ${count.format(status.epochs)}`,
    )
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
      pair.append(element("dt"), element("dd"))
      explain(pair.firstChild, name)
      this.values.set(name, pair)
    }
    pair.hidden = !text
    setText(pair.lastChild, text || "")
  }
}
