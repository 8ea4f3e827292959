// The real numbers of one phase of one batch: a strip of cells for the first sample, and the size over the whole batch.

import { element, setAttribute } from "../charts/dom.js"
import { degrees, numbered, short } from "./symbols.js"

const PLUS = [230, 97, 1]
const MINUS = [0, 114, 178]

function stripOf(of, label) {
  const values = Int8Array.from(atob(of.values), (c) => c.charCodeAt(0))
  const canvas = element("canvas", "dfa-path-strip", "", { role: "img", width: values.length, height: 1 })
  canvas.setAttribute("aria-label", `${label}: ${values.length} of ${of.units} values, largest ${short(of.most)}`)
  const pixels = new ImageData(values.length, 1)
  values.forEach((value, place) => {
    const colour = value > 0 ? PLUS : MINUS
    pixels.data.set([...colour, Math.round((255 * Math.abs(value)) / 127)], 4 * place)
  })
  canvas.getContext("2d").putImageData(pixels, 0, 0)
  return canvas
}

function stripRow(name, of, beside) {
  const row = element("div", "dfa-path-row")
  row.append(element("span", "dfa-path-name", name))
  if (of === null) row.append(element("span", "dfa-path-nothing", "nothing arrives"))
  else row.append(stripOf(of, name), element("span", "dfa-path-size", beside ?? short(of.rms)))
  return row
}

const ROWS = {
  forward(slow, blocks) {
    const rows = slow.layers.flatMap(({ a, h }, place) => {
      const number = place + 1
      if (number > blocks) return [stripRow("y", h)]
      return [...(a ? [stripRow(numbered("a", number), a)] : []), stripRow(numbered("h", number), h)]
    })
    const x = stripRow("x", slow.x)
    if (slow.picture) {
      const picture = element("img", "dfa-path-picture", "", { src: slow.picture, alt: "The first sample of the batch" })
      x.prepend(picture)
    }
    return [x, ...rows].reverse() // as in the diagram: the input is at the bottom
  },
  error(slow) {
    const told = element(
      "p",
      "dfa-path-told",
      `First sample: it is ${slow.target}, the network says ${slow.given}. The batch: loss ${short(slow.loss)}, ${slow.wrong} of ${slow.samples} wrong.`,
    )
    return [told, stripRow("p", slow.p, ""), stripRow("e", slow.e)]
  },
  feedback(slow, blocks) {
    return slow.layers
      .slice(0, blocks)
      .flatMap(({ signal, true: delta, angle }, place) =>
        [
          stripRow(numbered("δ̂", place + 1), signal, signal && `${short(signal.rms)}, ${degrees(angle)}`),
          stripRow(numbered("δ", place + 1), delta),
        ].reverse(),
      )
      .reverse()
  },
  update(slow) {
    return slow.layers
      .flatMap((of, place) => {
        if (!of) return []
        const W = numbered("W", place + 1)
        const [before, change, after] = of.norms.map(short)
        return [
          stripRow(W, of.before, before),
          stripRow(`Δ${W}`, of.change, change),
          stripRow(`${W} after`, of.after, after),
        ].reverse()
      })
      .reverse()
  },
}

const ABOUT = {
  forward: "First sample of the batch; at the right the size (RMS) over all of it.",
  error: "First sample of the batch; at the right the size (RMS) over all of it.",
  feedback: "What arrives above what backpropagation would deliver; at the right size (RMS) and angle over the batch.",
  update: "The weights into the first unit of each layer; at the right the size (√Σ²) of the whole matrix.",
}

export class Numbers {
  constructor() {
    this.root = element("section", "dfa-path-numbers")
  }

  show(panel, phase) {
    this.root.hidden = !phase || !panel.slow
    setAttribute(this.root, "aria-label", `Numbers of this phase, ${panel.rule}`)
    const drawn = this.root.hidden ? "" : JSON.stringify([phase, panel.slow])
    if (drawn === this.drawn) return
    this.drawn = drawn
    if (!drawn) return this.root.replaceChildren()
    const rows = ROWS[phase](panel.slow, panel.parts.length - 1)
    const list = element("div", "dfa-path-rows", "", { tabindex: 0, role: "group", "aria-label": `Numbers of ${panel.rule}` })
    list.append(...rows)
    const wide = this.#widest(panel.slow)
    const more = wide > 64 ? ` Strips show the first 64 values of up to ${wide.toLocaleString("en-US")}.` : ""
    this.root.replaceChildren(
      list,
      element(
        "p",
        "dfa-path-about",
        `${ABOUT[phase]} Orange is positive, blue negative, each strip by its own largest.${more}`,
      ),
    )
  }

  #widest(slow) {
    const all = [slow.x, slow.e, slow.p, ...(slow.layers ?? []).flatMap((layer) => Object.values(layer ?? {}))]
    return Math.max(0, ...all.map((of) => of?.units ?? 0))
  }
}
