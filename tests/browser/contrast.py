"""How a text stands out from what is behind it: its contrast, as WCAG 2 defines it."""

LEAST = 4.5  # of text that is not large (WCAG 2.2, 1.4.3)
# [contrast, text] of every text on screen that may be used; the browser itself turns colours of any notation into numbers. What
# Streamlit is drawing anew is dimmed, and comes back little by little: the look is at a moment at which nothing is,
# or after two minutes.
CONTRASTS = """async () => {
  const latest = performance.now() + 120_000
  const changes = (one) => one.playState === "running" && /opacity|color/.test(one.transitionProperty ?? "")
  const drawing = () => document.querySelector("[data-stale=true]") || document.getAnimations().some(changes)
  while (drawing() && performance.now() < latest) await new Promise(requestAnimationFrame)
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const numbers = (colour) => {
    pixel.clearRect(0, 0, 1, 1)
    pixel.fillStyle = colour
    pixel.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3]))
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  // a slider's value has the colour of the ground until it is used; a mark stands beside the word that says the same
  const LEFT_OUT = ["style, script, noscript, svg, :disabled, [aria-disabled=true]",
    "[data-testid=stSliderThumbValue], span[style][aria-hidden=true]"].join()
  const found = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), own = texts.currentNode.parentElement
    const { width, height } = own.getBoundingClientRect()
    if (!text || width < 2 || height < 2 || own.closest(LEFT_OUT)) continue
    const above = []
    for (let one = own; one; one = one.parentElement) above.unshift(getComputedStyle(one))
    const opacity = above.reduce((product, style) => product * style.opacity, 1)
    if (opacity < 0.05 || above.some((style) => style.visibility === "hidden")) continue
    const ground = above.reduce((below, style) => over(numbers(style.backgroundColor), below), [255, 255, 255])
    const [r, g, b, a] = numbers(above.at(-1).color)
    const pair = [over([r, g, b, a * opacity], ground), ground].map(luminance)
    found.push([(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), text.slice(0, 40)])
  }
  return found
}"""
