// Values as they are shown and said.

import { isPercentage } from "./measures.js"

const LARGE = 1e6 // beyond, most digits are noise: a loss that diverges is such

export const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

// In the unit of the screen: errors and shares in per cent.
export function shownValue(metric, value, choices) {
  if (value === null) return null
  if (/^(train|test)_error/.test(metric)) return 100 * (choices.accuracy ? 1 - value : value)
  if (isPercentage(metric)) return 100 * value
  return value
}

export function formatted(value, unit) {
  if (value === null || value === undefined) return "–"
  if (unit === "%") return `${value.toFixed(value < 10 || value > 90 ? 2 : 1)} %`
  if (unit === "°") return `${value.toFixed(1)}°`
  if (unit === "×") return `${Number(value.toPrecision(3))} ×`
  if (Math.abs(value) >= LARGE) return value.toExponential(2)
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}

// null if no value is known
export function mean(values) {
  const known = values.filter((value) => value !== null)
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null
}

export function sentenceCase(metric) {
  return metric[0].toUpperCase() + metric.slice(1).replaceAll("_", " ")
}
