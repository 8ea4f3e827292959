// Which layer's details are open, in the page's address: whoever opens the link finds the same ones open.
// layer=2

import { readParameter, writeParameter } from "../charts/page_address.js"

const KEY = "layer"

// null: none
export function layerFromAddress() {
  const text = readParameter(KEY)
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null
}

export function layerIntoAddress(number) {
  writeParameter(KEY, number === null ? "" : String(number))
}
