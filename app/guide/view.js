// The guided first visit. What it is told: {how: it begins, offers itself or waits for its button, texts: see guide.toml}
//
// It lies above the page without covering what it points to, and takes nothing from the page: whoever goes on working may.

import { beside, windowRoom } from "../charts/beside.js"
import { element, setText } from "../charts/dom.js"
import { MountedView } from "../charts/mounted_view.js"
import { GuideButton } from "./guide_button.js"
import { rememberSeen, wasSeen } from "./remembering.js"
import { boxOf, bringIntoSight, picture, STEPS, wayOf } from "./sights.js"

const LOOK_MS = 200 // between two looks at what is pointed at: it moves with the page, and a picture may be built again
const RING = 5 // between what is pointed at and the ring
const IN_FRONT = "[data-testid=stPopoverBody], [data-testid=stDialog], [data-testid=stSidebar][aria-expanded=true]"
const NARROW = matchMedia("(max-width: 768px)") // there the form lies over the page
const CALM = matchMedia("(prefers-reduced-motion: reduce)")
let begun = false // once a page, however often it is mounted

export class View extends MountedView {
  constructor() {
    super("dfa-guide")
    this.step = null // place in STEPS, null: closed
    this.button = new GuideButton(
      () => this.#start(true),
      () => this.#end(),
    )
    this.ring = element("div", "dfa-guide-ring", "", { popover: "manual", "aria-hidden": "true" })
    this.#makeCard()
    this.root.append(this.ring, this.card)
    this.ending = new AbortController()
    const { signal } = this.ending
    document.addEventListener("keydown", (event) => this.#key(event), { signal })
    for (const name of ["scroll", "resize"])
      window.addEventListener(name, () => this.#follow(), { signal, capture: true, passive: true })
    this.sized = new ResizeObserver(() => this.#follow()) // of what is pointed at: a line more on a tile moves it
    this.looking = setInterval(() => this.#look(), LOOK_MS)
  }

  #makeCard() {
    this.card = element("section", "dfa-guide-card", "", {
      popover: "manual",
      tabindex: -1,
      "aria-describedby": "dfa-guide-told",
    })
    this.count = element("span", "dfa-guide-count")
    this.told = element("div", "dfa-guide-told", "", { id: "dfa-guide-told", "aria-live": "polite" })
    this.told.append(element("strong"), element("p"))
    const buttons = element("div", "dfa-guide-buttons")
    const button = (name, press) => {
      const made = element("button", name, "", { type: "button" })
      made.addEventListener("click", press)
      return made
    }
    this.skip = button("skip", () => this.#end())
    this.back = button("back", () => this.#go(-1))
    this.next = button("next", () => this.#go(1))
    buttons.append(this.count, this.skip, this.back, this.next)
    this.card.append(this.told, buttons)
    // Streamlit's keys, Space above all, are for the page
    this.card.addEventListener("keydown", (event) => event.key === " " && event.target !== this.card && event.stopPropagation())
  }

  attach(host) {
    super.attach(host)
    const row = host.closest("[data-testid=stElementContainer]")
    if (row) row.style.position = "absolute" // it takes no row of the page
    if (this.step !== null) this.#open()
  }

  receive({ how, texts }) {
    this.how = how
    this.texts = texts
    this.card.setAttribute("aria-label", texts.name)
    for (const name of ["skip", "back"]) setText(this[name], texts[name])
    this.button.say(texts)
    this.#look()
  }

  // ---- begin and end ----

  #look() {
    if (!this.texts || document.hidden || !this.root.isConnected) return
    this.button.put(picture())
    if (!begun && globalThis.__dfa_live?.firstDraw && STEPS[0]()) {
      begun = true
      if (wasSeen()) return
      if (this.how === "begins") this.#start(false)
      else if (this.how === "offers") this.button.offer(true)
    }
    this.#follow()
  }

  // `asked`: by its button
  #start(asked) {
    this.button.offer(false)
    this.step = -1
    this.#open()
    this.#go(1)
    if (asked || document.activeElement === document.body) this.card.focus({ preventScroll: true })
  }

  #open() {
    for (const node of [this.ring, this.card]) if (node.isConnected && !node.matches(":popover-open")) node.showPopover()
  }

  #end() {
    const focused = this.card.contains(document.activeElement)
    rememberSeen()
    this.sized.disconnect()
    this.step = null
    this.button.offer(false)
    for (const node of [this.ring, this.card]) if (node.matches(":popover-open")) node.hidePopover()
    if (focused) this.button.focus()
  }

  #key(event) {
    if (this.step === null || event.key !== "Escape" || event.defaultPrevented || this.#behind()) return
    event.preventDefault()
    this.#end()
  }

  // ---- the steps ----

  // To the next one that there is something to point at, or the one before.
  #go(by) {
    let step = this.step + by
    while (STEPS[step] && !STEPS[step]()) step += by
    if (step < 0) return
    if (!STEPS[step]) return this.#end()
    this.step = step
    this.ring.hidePopover() // so that it calls for a look anew
    this.ring.showPopover()
    const seen = STEPS[step]()
    this.#tell(seen)
    this.sized.disconnect()
    for (const node of [seen.around, picture()]) this.sized.observe(node)
    const box = boxOf(seen.nodes)
    const room = roomBetween()
    const inSight = box.top >= room.top && box.bottom <= room.bottom && box.left >= room.left && box.right <= room.right
    const behavior = CALM.matches ? "auto" : "smooth"
    if (!inSight) bringIntoSight(seen, behavior)
    this.#follow()
  }

  #tell(seen) {
    const { texts, step } = this
    const there = STEPS.map((find, place) => find() && place).filter((place) => place !== null)
    const [place, told] = [there.indexOf(step), texts.steps[seen.name]]
    const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])
    setText(this.count, fill(texts.count, { step: place + 1, steps: there.length }))
    setText(this.told.firstChild, told.title)
    setText(this.told.lastChild, fill(told.text, wayOf(seen)))
    setText(this.next, place === there.length - 1 ? texts.done : texts.next)
    this.back.hidden = place === 0
    this.skip.hidden = place === there.length - 1
    this.card.dataset.step = seen.name
  }

  // Whether something lies in front of the page that the visitor has opened.
  #behind() {
    const front = [...document.querySelectorAll(IN_FRONT)]
    return front.some((one) => one.dataset.testid !== "stSidebar" || NARROW.matches)
  }

  #follow() {
    if (this.step === null) return
    const seen = this.#behind() ? null : STEPS[this.step]()
    this.card.style.visibility = seen ? "" : "hidden"
    this.ring.style.visibility = seen ? "" : "hidden"
    if (!seen) return
    const box = boxOf(seen.nodes)
    Object.assign(this.ring.style, {
      left: `${box.left - RING}px`,
      top: `${box.top - RING}px`,
      width: `${box.right - box.left + 2 * RING}px`,
      height: `${box.bottom - box.top + 2 * RING}px`,
    })
    const { left, top } = placeFor(this.card.getBoundingClientRect(), box, boxOf([seen.around]))
    Object.assign(this.card.style, { left: `${left}px`, top: `${top}px` })
  }

  unmount() {
    if (this.step !== null) this.#end() // gone to another page
    this.sized.disconnect()
    clearInterval(this.looking)
    this.ending.abort()
    this.button.remove()
    super.unmount()
  }
}

// The window less the bars above and below.
function roomBetween() {
  const room = windowRoom()
  const [head, bar] = ["[data-testid=stHeader]", ".st-key-transport"].map((one) =>
    document.querySelector(one)?.getBoundingClientRect(),
  )
  if (head?.height && head.top <= 0) room.top = Math.max(room.top, head.bottom)
  if (bar?.height) room.bottom = Math.min(room.bottom, bar.top)
  return room
}

// Beside all of what it is part of, else beside what is pointed at; if need be over the bars.
function placeFor(size, target, around) {
  const ringed = { left: target.left - RING, top: target.top - RING, right: target.right + RING, bottom: target.bottom + RING }
  const tries = [roomBetween(), windowRoom()].flatMap((room) => [around, ringed].map((box) => beside(box, size, room)))
  return tries.find(({ fits }) => fits) ?? tries.at(-1)
}
