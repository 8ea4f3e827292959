// Gets plotly.js from the lab's server (plotly_script.py) and runs it once; every chart awaits the same promise. It is a script
// with an address, so that browsers keep it, and what they have made of it, from visit to visit.

const loaded = Promise.withResolvers()
const numbers = Promise.withResolvers()

// Fulfilled with plotly.js once it has run.
export const plotly = loaded.promise

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

let asked = false

// `address`: of plotly.js
export function loadPlotly(address) {
  if (asked) return
  asked = true
  load(address).then(loaded.resolve, loaded.reject)
}

// To be called by a view that shows its numbers.
export function numbersAreShown() {
  numbers.resolve()
}

async function load(address) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "script", href: address }))
  // Running it keeps the browser busy for half a second and more: the numbers first, and the form that one can use.
  const first = numbers.promise.then(settled).then(painted)
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
