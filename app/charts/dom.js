// How elements are made and changed.

const SVG = "http://www.w3.org/2000/svg"

function fill(made, attributes, text) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  if (text) made.textContent = text
  return made
}

export function element(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag)
  if (className) made.className = className
  return fill(made, attributes, text)
}

export function svg(tag, attributes = {}, text = "") {
  return fill(document.createElementNS(SVG, tag), attributes, text)
}

// Writes only what changed: a text that is set anew is read out anew and loses its selection.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value)
}
