// Whether the visit was finished or skipped, kept by the browser for good.

const KEY = "dfa-lab-guide"
let here = false // where storage is forbidden: as long as the page is open

export function wasSeen() {
  try {
    return here || localStorage.getItem(KEY) === "seen"
  } catch {
    return here
  }
}

export function rememberSeen() {
  here = true
  try {
    localStorage.setItem(KEY, "seen")
  } catch {
    // Storage forbidden.
  }
}
