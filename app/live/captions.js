// What stands below the charts: what each thing that is drawn means.

import { element } from "../charts/dom.js"
import { sentenceCase } from "./formatting.js"

// `panels`: definitions as measures.js makes them; `definitions`: {metric: text}; `seeds`: whose mean is drawn
export function showCaptions(node, panels, definitions, seeds) {
  const drawn = (curve) => (seeds > 1 ? [curve.metric] : [curve.metric, curve.spread])
  const metrics = new Set(panels.flatMap((panel) => [...panel.curves.flatMap(drawn), panel.measure?.chance]))
  const known = [...metrics].filter((metric) => definitions?.[metric])
  const text = known.map((metric) => `${sentenceCase(metric)}: ${definitions[metric]}`)
  if (text.length && seeds > 1) text.push(`Bands: one standard deviation of the ${seeds} seeds to both sides of their mean`)
  if (node.dataset.text === text.join()) return
  node.dataset.text = text.join()
  node.replaceChildren(...text.map((line) => element("p", "", line)))
}
