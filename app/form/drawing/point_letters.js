// Points as text: four letters each, as dfa_lab/settings/point_text.py writes them.
// A point: {x, y, t}; x and y from 0 to STEPS, t: number of its class.

export const STEPS = 1023
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

export function decode(text) {
  const points = []
  for (let at = 0; at + 4 <= text.length; at += 4) {
    const bits = [...text.slice(at, at + 4)].reduce((sum, letter) => sum * 64 + Math.max(0, LETTERS.indexOf(letter)), 0)
    points.push({ x: bits >> 14, y: (bits >> 4) & 1023, t: bits & 15 })
  }
  return points
}

export function encode(points) {
  return points
    .map(({ x, y, t }) => {
      const bits = (x << 14) | (y << 4) | t
      return [18, 12, 6, 0].map((shift) => LETTERS[(bits >> shift) & 63]).join("")
    })
    .join("")
}
