// Unpacks plotly.js, sent as gzip, and runs it once; every chart awaits the same promise.
const shared = (globalThis.__dfaLab ??= {})
shared.plotly ??= Promise.withResolvers()
shared.numbersShown ??= Promise.withResolvers()

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))

async function runPacked(bytes) {
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  const blob = await new Response(unpacked).blob()
  // Running it keeps the browser busy for half a second and more: the numbers first.
  await Promise.race([shared.numbersShown.promise.then(painted), after(1500)])
  const script = document.createElement("script")
  script.src = URL.createObjectURL(new Blob([blob], { type: "text/javascript" }))
  await new Promise((resolve, reject) => {
    script.onload = resolve
    script.onerror = () => reject(new Error("plotly.js did not run"))
    document.head.append(script)
  })
  URL.revokeObjectURL(script.src)
  return globalThis.Plotly
}

export default function ({ parentElement, data }) {
  // Nothing to see here: without this the page shows a gap of one row.
  const row = parentElement.closest("[data-testid=stElementContainer]")
  if (row) row.style.position = "absolute"
  if (shared.plotlyAsked || !data) return
  shared.plotlyAsked = true
  runPacked(data).then(shared.plotly.resolve, shared.plotly.reject)
}
