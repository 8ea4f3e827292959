// What an angle to the true gradient looks like: from the colour of alignment over that of chance, 90°, to that of pointing away.
// angle_colours.css gives --aligned, --chance and --away; a picture's own styles --quiet, which is for what has no angle.

const AWAY = 120 // degrees from which the colour is no longer mixed with that of chance

export function colourOf(angle) {
  if (angle === null) return "var(--quiet)"
  if (angle > 90)
    return `color-mix(in oklab, var(--away) ${Math.min(100, (100 * (angle - 90)) / (AWAY - 90)).toFixed(1)}%, var(--chance))`
  return `color-mix(in oklab, var(--chance) ${((100 * angle) / 90).toFixed(1)}%, var(--aligned))`
}
