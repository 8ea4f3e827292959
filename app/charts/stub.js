// What Streamlit runs for every picture: gets the picture's modules, hands on what Streamlit sends, and decides when a view has
// ended. It is sent with every view, so it is short; and it can import nothing by a relative path, for it has no address.
//
// A picture's module exports the class `View`, without parameters: attach(host), receive(view, {setTriggerValue,
// setStateValue}), unmount().
// data: {key, view, code: {module, styles}} to draw; or, to get ready, {module, styles, modules} and for plotly.js
// {plotly: {module, script}} and for words that are explained {glossary} (words/explained.js). Addresses are below that of the lab.

// A full rerun that meets a ticking fragment now and then removes the component and builds it anew at once:
// the view then moves to the new host, with its zoom.
const GRACE_MS = 3000
const TROUBLE = "This picture cannot be drawn: its code did not come from the server. Reload the page to try again."

const shared = (globalThis.__dfaLab ??= { slots: new Map(), sheets: new WeakMap() })

// Where the lab is on its host, which may have it below a path of its own: where the page's own scripts come from.
export function labAddress() {
  const script = document.querySelector("script[src*='static/js/']")?.src
  return script ? script.slice(0, script.indexOf("static/js/")) : new URL("/", location.href).href
}

function link(parent, attributes) {
  const made = Object.assign(document.createElement("link"), attributes)
  return new Promise((resolve, reject) => {
    made.onload = resolve
    made.onerror = () => reject(new Error(`${made.href} did not come`))
    parent.append(made)
  })
}

// The style sheets, once for the document or the shadow root that the node is in.
function styled(node, styles) {
  const root = node.getRootNode()
  if (!shared.sheets.has(root)) shared.sheets.set(root, new Map())
  const sheets = shared.sheets.get(root)
  for (const style of styles) {
    if (!sheets.has(style)) sheets.set(style, link(root.head ?? root, { rel: "stylesheet", href: labAddress() + style }))
  }
  return Promise.all(styles.map((style) => sheets.get(style)))
}

function getReady({ parentElement, data }) {
  const row = parentElement.closest("[data-testid=stElementContainer]")
  if (row) row.style.position = "absolute" // nothing to see here: without this the page shows a gap of one row
  if (data.glossary) {
    shared.glossary = data.glossary
    dispatchEvent(new Event("dfa-words"))
  }
  const lab = labAddress()
  // Whoever draws says what did not come.
  const ignore = () => {}
  for (const module of data.modules) link(document.head, { rel: "modulepreload", href: lab + module }).catch(ignore)
  styled(parentElement, data.styles).catch(ignore)
  const { plotly } = data
  if (plotly) import(lab + plotly.module).then(({ loadPlotly }) => loadPlotly(lab + plotly.script), ignore)
}

async function viewClass(host, { module, styles }) {
  const [{ View }] = await Promise.all([import(labAddress() + module), styled(host, styles)])
  return View
}

function sayTrouble(slot) {
  slot.trouble ??= Object.assign(document.createElement("p"), { textContent: TROUBLE, role: "alert" })
  slot.host.append(slot.trouble)
}

async function draw({ parentElement, data, setTriggerValue, setStateValue }) {
  const { key, view, code } = data
  const slot = shared.slots.get(key) ?? {}
  shared.slots.set(key, slot)
  slot.host = parentElement
  const View = await viewClass(slot.host, code).catch(() => null)
  if (shared.slots.get(key) !== slot) return
  if (!View) return sayTrouble(slot)
  if (slot.View !== View) slot.view?.unmount() // the server has been started anew, with another version
  if (slot.View !== View) slot.view = new View()
  slot.View = View
  slot.trouble?.remove()
  slot.view.attach(slot.host)
  slot.view.receive(view, { setTriggerValue, setStateValue })
}

function endIfGone(key) {
  const slot = shared.slots.get(key)
  if (!slot || slot.host.isConnected) return
  slot.view?.unmount()
  shared.slots.delete(key)
}

export default function (component) {
  if (!component.data.key) return getReady(component)
  draw(component)
  // Streamlit also runs the cleanup of a call that the next one overtook, while the component stays
  // (seen when the theme changes): only a host that has left the document is gone.
  return () => setTimeout(endIfGone, GRACE_MS, component.data.key)
}
