// What stands below the charts: what each thing that is drawn means.

import { element } from "../charts/dom.js"
import { entryOf, explain, whenKnown } from "../words/explained.js"
import { sentenceCase } from "./formatting.js"

// `panels`: definitions as measures.js makes them; `definitions`: {metric: text}; `seeds`: whose mean is drawn
export function showCaptions(node, panels, definitions, seeds) {
  const drawn = (curve) => (seeds > 1 ? [curve.metric] : [curve.metric, curve.spread])
  const metrics = new Set(panels.flatMap((panel) => [...panel.curves.flatMap(drawn), panel.measure?.chance]))
  const known = [...metrics].filter((metric) => definitions?.[metric])
  const lines = known.map((metric) => [metric, `${sentenceCase(metric)}: ${definitions[metric]}`])
  const bands = `Bands: one standard deviation of the ${seeds} seeds to both sides of their mean`
  if (lines.length && seeds > 1) lines.push(["", bands])
  if (node.dataset.text === lines.join()) return
  node.dataset.text = lines.join()
  const seen = new Set()
  node.replaceChildren(...lines.map(([metric, line]) => captionOf(metric, line, seen)))
}

// A measure's definition, and where no room is left for it beside its name, what it says in plain words.
function captionOf(metric, line, seen) {
  const [caption, text] = [element("p"), element("span")]
  caption.append(text)
  explain(text, line, { seen })
  whenKnown(caption, () => {
    const { plain } = entryOf(metric) ?? {}
    if (plain) caption.append(element("span", "dfa-plain", ` – ${plain}`))
  })
  return caption
}
