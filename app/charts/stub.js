// Hands what Streamlit sends to the chart code, which may arrive a moment later, and decides when a view has ended.
const shared = (globalThis.__dfaLab ??= {})
shared.code ??= Promise.withResolvers()
const slots = (shared.slots ??= new Map())

// A full rerun that meets a ticking fragment now and then removes the component and builds it anew at once:
// the view then moves to the new host, with its zoom.
const GRACE_MS = 3000

async function pass({ parentElement, data, setTriggerValue }) {
  const { key, view } = data
  const slot = slots.get(key) ?? {}
  slots.set(key, slot)
  slot.host = parentElement
  const LiveView = await shared.code.promise
  if (slots.get(key) !== slot) return
  slot.view ??= new LiveView()
  slot.view.attach(slot.host)
  slot.view.receive(view, setTriggerValue)
}

function endIfGone(key) {
  const slot = slots.get(key)
  if (!slot || slot.host.isConnected) return
  slot.view?.unmount()
  slots.delete(key)
}

export default function (component) {
  pass(component)
  // Streamlit also runs the cleanup of a call that the next one overtook, while the component stays
  // (seen when the theme changes): only a host that has left the document is gone.
  return () => setTimeout(endIfGone, GRACE_MS, component.data.key)
}
