// Gets plotly.js from the lab's server (route.py) and runs it once; every chart awaits the same promise. It is a script
// with an address, so that browsers keep it, and what they have made of it, from visit to visit.
const shared = (globalThis.__dfaLab ??= {})
shared.plotly ??= Promise.withResolvers()
shared.numbersShown ??= Promise.withResolvers()

const QUIET_MS = 50
const PATIENCE_MS = 4000
const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))

// When the page has had nothing new for so long.
const quiet = (milliseconds) =>
  new Promise((resolve) => {
    const done = () => {
      observer.disconnect()
      resolve()
    }
    let timer = setTimeout(done, milliseconds)
    const observer = new MutationObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(done, milliseconds)
    })
    observer.observe(document.body, { childList: true, subtree: true })
  })

// When no part of the page is still to come either: Streamlit holds its place meanwhile.
async function settled() {
  do await quiet(QUIET_MS)
  while (document.querySelector("[data-testid=stSkeleton]"))
}

async function load(address) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "script", href: address }))
  // Running it keeps the browser busy for half a second and more: the numbers first, and the form that one can use.
  const first = shared.numbersShown.promise.then(settled).then(painted)
  await Promise.race([first, after(PATIENCE_MS)])
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
