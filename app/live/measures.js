// What is drawn: which panels there are, and what is measured layer by layer.
//
// A panel's definition: {key, title, unit, curves: [{metric, layer, train, spread}], logarithmic, angle, measure, layer, about,
// heat}; key: its own among all panels; unit: "°", "×", "%" or ""; measure: one of MEASURES, none for losses and errors;
// about: metric whose definition stands below; heat: see heat.js.

export function learningPanels(choices, eps) {
  const kinds = eps
    ? [
        ["", ""],
        ["_adversarial", ` · inputs moved by ε = ${eps}`],
      ]
    : [["", ""]]
  const error = choices.accuracy ? "Accuracy" : "Error"
  return kinds.flatMap(([kind, inputs]) => [
    { key: `error${kind}`, title: error + inputs, unit: "%", curves: both("error", kind) },
    { key: `loss${kind}`, title: `Loss${inputs}`, unit: "", curves: both("loss", kind), logarithmic: choices.log },
  ])
}

// One of each in turn, so that the first screen shows how well and why.
export function inTurns(learning, angles) {
  const rows = Math.max(learning.length, angles.length)
  return Array.from({ length: rows }, (_, row) => [learning[row], angles[row]].filter(Boolean)).flat()
}

function both(what, kind) {
  return [curve(`train_${what}${kind}`), curve(`test_${what}${kind}`)]
}

// What is measured layer by layer, by its key in links: {name, metric, unit, spread, whole}. unit: "°", "×" (a ratio,
// logarithmic), "%" or "" (a number of directions); whole: there is also a value of the whole network and of the readout.
// The lab says which there are (`DRAWN` of dfa_lab/records.py), with the first view.
export const MEASURES = {}
const UNITS = { degrees: "°", ratio: "×", fraction: "%" }

export function learnMeasures(drawn) {
  for (const [key, measure] of Object.entries(drawn)) MEASURES[key] = { ...measure, unit: UNITS[measure.unit] ?? "" }
}

export function isPercentage(metric) {
  return Object.values(MEASURES).some((measure) => measure.metric === metric && measure.unit === "%")
}

export function anglePanels(layers, choices) {
  const measure = MEASURES[choices.angle]
  const word = measure.name.toLowerCase()
  const hidden = layers.map((layer) => measurePanel(`angle:${layer}`, `Layer ${layer} · ${word}`, measure, layer))
  if (!measure.whole) return hidden
  const readout = Math.max(0, ...layers) + 1
  return [
    measurePanel("angle:all", `Whole network · ${word}`, measure, null),
    ...hidden,
    measurePanel(`angle:${readout}`, `Readout · ${word}`, measure, readout),
  ]
}

function measurePanel(key, title, measure, layer) {
  const { metric, spread, unit } = measure
  const one = { ...curve(metric, layer), ...(spread ? { spread } : {}) }
  return { key, title, unit, measure, angle: unit === "°", logarithmic: unit === "×", curves: [one], layer }
}

function curve(metric, layer = null) {
  return { metric, layer, train: metric.startsWith("train_") }
}

// A small panel of every measure at one place.
export function everyMeasure(layers, choices) {
  const readout = Math.max(0, ...layers) + 1
  const place = placeOf(layers, choices)
  const word = place === "all" ? "whole network" : place === readout ? "readout" : `layer ${place}`
  return Object.entries(MEASURES)
    .filter(([, measure]) => measure.whole || layers.includes(place))
    .map(([key, measure]) => ({
      ...measurePanel(`every:${key}`, `${measure.name} · ${word}`, measure, place === "all" ? null : place),
      about: measure.metric,
    }))
}

// The layer that was chosen, or the first one where there is none of this number.
export function placeOf(layers, choices) {
  if (choices.place === "all") return "all"
  const number = Number(choices.place)
  return layers.includes(number) || number === Math.max(0, ...layers) + 1 ? number : 1
}
