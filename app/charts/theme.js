// Streamlit's theme as plotly takes it.

function themeOf(node) {
  const style = getComputedStyle(node)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const text = read("--st-text-color", "#31333f")
  const mixed = (share) => `color-mix(in srgb, ${text} ${share}%, transparent)`
  return {
    text,
    background: read("--st-background-color", "#ffffff"),
    font: read("--st-font", "sans-serif"),
    large: node.classList.contains("dfa-large"),
    ...Object.fromEntries(Object.entries(node.classList.contains("dfa-large") ? { grid: 22, axis: 90, band: 22 } : { grid: 12, axis: 55, band: 14 }).map(([name, share]) => [name, resolved(node, mixed(share))])),
  }
}

// plotly knows no color-mix: let the browser turn it into numbers.
function resolved(node, colour) {
  const canvas = (globalThis.__dfaSwatch ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }))
  canvas.clearRect(0, 0, 1, 1)
  canvas.fillStyle = colour
  canvas.fillRect(0, 0, 1, 1)
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
  return `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`
}
