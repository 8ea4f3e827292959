// What the steps point at on the Lab page, as it is drawn now: it is looked for anew whenever it is asked for, since a picture may
// be built again at any time.

const PICTURE = ".dfa-live.dfa-layout-lab"

export function picture() {
  return document.querySelector(PICTURE)
}

function visible(nodes) {
  return [...nodes].filter((node) => node.getClientRects().length && node.getBoundingClientRect().width)
}

// The network whose way back is told: through random weights, straight if there is one.
function card() {
  const cards = visible(picture()?.querySelectorAll(".dfa-card:has(.back)") ?? [])
  const fed = cards.filter((one) => one.querySelector("text.letter.B"))
  return fed.find((one) => one.dataset.path === "direct") ?? fed.at(-1) ?? cards[0]
}

function panel(selector) {
  return visible(picture()?.querySelectorAll(selector) ?? [])[0]
}

// name, of the texts; nodes: what is pointed at; around: what is best left in sight with it. null: there is none
function sight(name, around, nodes) {
  const seen = visible(nodes ?? [])
  return around && seen.length ? { name, around, nodes: seen } : null
}

export const STEPS = [
  () => sight("path", card(), card()?.querySelectorAll(".back, circle.e, text.angle")),
  () =>
    sight(
      "angle",
      card(),
      [...(card()?.querySelectorAll("text.angle") ?? [])].filter((one) => one.textContent),
    ),
  () => {
    const answers = sight("images", card(), card()?.querySelectorAll(".dfa-answers"))
    if (answers) return { ...answers, name: answers.nodes[0].dataset.kind }
    return sight("figure", card(), [card()?.querySelector(".dfa-pair")].filter(Boolean))
  },
  () => sight("error", panel("[data-panel=error]"), panel("[data-panel=error]")?.querySelectorAll(".dfa-frame")),
  () => {
    const angle = panel("[data-panel^='angle:']:has(.dfa-symbol):not([data-panel='angle:all'])")
    const drawn = angle?.querySelector(".dfa-symbol").textContent.startsWith("∠")
    return drawn ? sight("alignment", angle, angle.querySelectorAll(".dfa-frame")) : null
  },
]

// How the rule of the network is called, and how its error goes: {title, way}
export function wayOf({ around }) {
  const [title, way] = [...(around.querySelector(".dfa-way")?.children ?? [])].map((one) => one.textContent)
  return { title: title ?? "", way: (way ?? "").replace(/^: /, "") }
}

// Into the middle of the window and, where the networks stand in a row that is pushed, of that row: by itself the browser would
// push the page too.
export function bringIntoSight({ around }, behavior) {
  const row = around.parentNode
  if (row.scrollWidth > row.clientWidth) {
    const left = around.getBoundingClientRect().left - row.getBoundingClientRect().left
    row.scrollBy({ left: left - (row.clientWidth - around.clientWidth) / 2, behavior })
  }
  around.scrollIntoView({ block: "center", inline: "nearest", behavior })
}

export function boxOf(nodes) {
  const boxes = nodes.map((node) => node.getBoundingClientRect())
  const edge = (name, most) => most(...boxes.map((box) => box[name]))
  return {
    left: edge("left", Math.min),
    top: edge("top", Math.min),
    right: edge("right", Math.max),
    bottom: edge("bottom", Math.max),
  }
}
