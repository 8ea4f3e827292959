// Which layer's details are open, in the page's address: whoever opens the link finds the same ones open.
// layer=2

const LAYER_KEY = "layer"

function layerFromAddress() {
  const text = new URLSearchParams(location.search).get(LAYER_KEY) ?? ""
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null
}

// Streamlit reads the address at every run of the script, so it need not be told.
function layerIntoAddress(number) {
  const rest = location.search.slice(1).split("&").filter((pair) => pair && pair.split("=")[0] !== LAYER_KEY)
  if (number !== null) rest.push(`${LAYER_KEY}=${number}`)
  history.replaceState(history.state, "", `${location.pathname}${rest.length ? `?${rest.join("&")}` : ""}${location.hash}`)
}
