// Where everything of a network's drawing on the Lab page stands, in CSS pixels. Inputs on the left, answers on the right; the
// error comes back below.

const LARGEST = { plain: 20, large: 32 } // of a unit's picture
const SMALLEST = 7 // below, a layer is a bar
const GAP = 4
const MARGIN = 14
const ROOM = { plain: 24, large: 34 } // between the units and the error's path, for angles

// Columns 0 (x), 1 … L, L + 1 (y).
export function placesOf(width, blocks, rows, kind) {
  const [largest, room] = [LARGEST[kind], ROOM[kind]]
  const spacing = (width - 2 * MARGIN) / (blocks + 1)
  const size = Math.min(largest, Math.floor(spacing - 12))
  const high = rows * (largest + GAP) - GAP
  const base = high + room // where the error goes back
  return {
    width,
    spacing,
    end: Math.min(kind === "large" ? 14 : 9, spacing / 3), // radius of an input or an answer
    high,
    base,
    height: base + 34,
    unit: size < SMALLEST ? 0 : size,
    narrow: Math.max(4, Math.min(12, Math.floor(spacing / 2))), // of a bar
    across: (column) => MARGIN + column * spacing,
    // the middle of unit `n` of `count` that are shown
    down: (n, count) => high / 2 + (n - (count - 1) / 2) * (largest + GAP),
    every: Math.max(1, Math.ceil((kind === "large" ? 50 : 34) / spacing)), // so many columns share an angle's room
  }
}

export function headUp(x, y, wide) {
  const s = Math.max(6, wide + 3)
  return `M${x} ${y}l${-s / 1.5} ${s}h${(2 * s) / 1.5}z`
}

// The error that goes from layer to layer arrives at one and, from there, goes on.
export function stepBack(g, column) {
  return `M${g.across(column + 1)} ${g.base}H${g.across(column)}V${g.high + 9}`
}

// The error that goes straight to a layer.
export function straightBack(g, column, blocks) {
  const [from, to] = [g.across(blocks + 1), g.across(column)]
  const depth = g.base + 12 + (20 * (blocks + 1 - column)) / (blocks + 1)
  return `M${from} ${g.base + 8}C${from} ${depth + 8} ${to} ${depth + 14} ${to} ${g.high + 9}`
}
