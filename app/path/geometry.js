// Where everything of a panel's diagram stands, and how its lines look. Output on top, input at the bottom: the signal goes
// up on the left, the error comes down on the right.

export const WIDTH = 360
export const BOX = { x: 14, w: 184 } // of a block
export const UP = 56 // where the forward arrow runs
export const DOWN = 152 // where the error of a chain rule runs
const CROWDED = 7 // blocks from which the diagram is drawn closer, and scrolls in its panel
export const THIN = 2
const THICK = 14
const DECADES = 3 // of size from the thickest line to the thinnest

// 1 for the rule's largest signal, 0 for what is DECADES smaller, on a log scale.
function share(size, largest) {
  if (!size || !largest) return 0
  return Math.min(1, Math.max(0, 1 + Math.log10(size / largest) / DECADES))
}

export function widthOf(size, largest) {
  return THIN + (THICK - THIN) * share(size, largest)
}

// Rows from the top: loss, readout L+1, blocks L … 1, input 0.
export function geometry(blocks) {
  const crowded = blocks >= CROWDED
  const high = crowded ? 30 : 42
  const gap = crowded ? 34 : 54
  const near = 30 // between the readout and the loss lies no matrix
  const top = (number) => 6 + high + near + (blocks + 1 - number) * (high + gap)
  return {
    crowded,
    high,
    lossTop: 6,
    top,
    middle: (number) => top(number) + high / 2,
    between: (number) => top(number) + high + gap / 2, // of layer `number` and the one below: where W_number stands
    bottom: (number) => top(number) + high,
    height: top(0) + high + 6,
    shared: blocks > 2, // one trunk for the error that goes straight to every block
    outer: (number) => (blocks > 2 ? 344 : 322 + 26 * (blocks - number)),
  }
}

export function arrowHead(x, y, towards, size) {
  const s = Math.max(7, size)
  if (towards === "up") return `M${x} ${y}l${-s / 1.6} ${s}h${(2 * s) / 1.6}z`
  if (towards === "left") return `M${x} ${y}l${s} ${-s / 1.6}v${(2 * s) / 1.6}z`
  return `M${x} ${y}l${-s / 1.6} ${-s}h${(2 * s) / 1.6}z`
}

export function straight(x, from, to) {
  return `M${x} ${from}V${to}`
}

// From the loss to the right and down, outside of everything.
export function trunk(g, x, y) {
  const r = 10
  return `M${BOX.x + BOX.w} ${g.lossTop + g.high / 2}H${x - r}q${r} 0 ${r} ${r}V${y - r}q0 ${r} ${-r} ${r}`
}

// And left into the block. Where there are many, they branch off one trunk.
export function around(g, number) {
  const x = g.outer(number)
  const end = `H${BOX.x + BOX.w + 10}`
  return g.shared ? `M${x} ${g.middle(number)}${end}` : trunk(g, x, g.middle(number)) + end
}
