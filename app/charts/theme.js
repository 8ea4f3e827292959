// Streamlit's theme as plotly takes it.

let swatch = null // one pixel to read colours from

export function themeOf(node) {
  const style = getComputedStyle(node)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const text = read("--st-text-color", "#31333f")
  const mixed = (share) => `color-mix(in srgb, ${text} ${share}%, transparent)`
  const large = node.classList.contains("dfa-large")
  const shares = large ? { grid: 22, axis: 90, band: 22 } : { grid: 12, axis: 55, band: 14 }
  return {
    text,
    background: read("--st-background-color", "#ffffff"),
    font: read("--st-font", "sans-serif"),
    large,
    ...Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, resolved(mixed(share))])),
  }
}

// [red, green, blue, alpha], each from 0 to 255, of any colour that the browser knows.
export function pixel(colour) {
  const canvas = (swatch ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }))
  canvas.clearRect(0, 0, 1, 1)
  canvas.fillStyle = colour
  canvas.fillRect(0, 0, 1, 1)
  return canvas.getImageData(0, 0, 1, 1).data
}

// plotly knows no color-mix: let the browser turn it into numbers.
function resolved(colour) {
  const [r, g, b, a] = pixel(colour)
  return `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`
}

// Streamlit says whether its theme is dark by its colours only.
export function isDark(node) {
  const [r, g, b] = pixel(getComputedStyle(node).getPropertyValue("--st-background-color").trim() || "#fff")
  return 0.3 * r + 0.6 * g + 0.1 * b < 128
}
