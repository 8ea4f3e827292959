// A parameter of the page's address that the browser writes: whoever opens the link sees the picture the same way.

// The text of a parameter, "" if there is none.
export function readParameter(name) {
  return new URLSearchParams(location.search).get(name) ?? ""
}

// `text`: as it stands in an address, "" to leave the parameter out. Streamlit reads the address at every run of the script, so
// it need not be told.
export function writeParameter(name, text) {
  const pairs = location.search.slice(1).split("&")
  const rest = pairs.filter((pair) => pair && pair.split("=")[0] !== name)
  if (text) rest.push(`${name}=${text}`)
  const search = rest.length ? `?${rest.join("&")}` : ""
  if (search !== location.search) history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`)
}
