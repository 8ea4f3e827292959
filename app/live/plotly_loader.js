// Gets plotly.js from the lab's server (route.py) and runs it once; every chart awaits the same promise. It is a script
// with an address, so that browsers keep it, and what they have made of it, from visit to visit.
const shared = (globalThis.__dfaLab ??= {})
shared.plotly ??= Promise.withResolvers()
shared.numbersShown ??= Promise.withResolvers()

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))

async function load(address) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "script", href: address }))
  // Running it keeps the browser busy for half a second and more: the numbers first.
  await Promise.race([shared.numbersShown.promise.then(painted), after(1500)])
  const script = document.createElement("script")
  script.src = address
  await new Promise((resolve, reject) => {
    script.onload = resolve
    script.onerror = () => reject(new Error("plotly.js did not come or did not run"))
    document.head.append(script)
  })
  return globalThis.Plotly
}

export default function ({ parentElement, data }) {
  // Nothing to see here: without this the page shows a gap of one row.
  const row = parentElement.closest("[data-testid=stElementContainer]")
  if (row) row.style.position = "absolute"
  if (shared.plotlyAsked || !data) return
  shared.plotlyAsked = true
  load(labAddress() + data).then(shared.plotly.resolve, shared.plotly.reject)
}
