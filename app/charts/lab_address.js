// Where the lab is on its host, which may have it below a path of its own: where the page's own scripts come from.
function labAddress() {
  const script = document.querySelector("script[src*='static/js/']")?.src
  return script ? script.slice(0, script.indexOf("static/js/")) : new URL("/", location.href).href
}
