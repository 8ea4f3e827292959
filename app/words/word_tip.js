// The explanation of one word, beside it: there is one at a time. It stays while it is pointed at; Escape, or a click elsewhere,
// closes it. It lies above all else on the page, so that no frame cuts it.

import { beside, windowRoom } from "../charts/beside.js"
import { element, setText } from "../charts/dom.js"
import { LAB } from "../charts/lab_address.js"

const COMES_MS = 150 // of pointing, so that a mouse on its way opens nothing
const GOES_MS = 250 // to get from the word into the explanation

let tip = null // made when it is first asked for
let open = null // the word that it is of
let pinned = false // by a click or by keyboard: not closed by a mouse that leaves
let timer = 0

function make() {
  tip = element("div", "dfa-tip", "", { popover: "manual" })
  tip.append(element("strong"), element("p"), element("a", "", "", { target: "_blank", rel: "noopener" }))
  tip.addEventListener("pointerenter", () => clearTimeout(timer))
  tip.addEventListener("pointerleave", () => leave())
  tip.addEventListener("click", (event) => event.stopPropagation())
  tip.addEventListener("focusout", ({ relatedTarget }) => within(relatedTarget) || hideTip())
  document.addEventListener("pointerdown", ({ target }) => within(target) || hideTip(), { capture: true })
  window.addEventListener("keydown", onKey, { capture: true })
  for (const name of ["scroll", "resize"]) window.addEventListener(name, () => follow(), { capture: true, passive: true })
}

function within(node) {
  return Boolean(node && (tip.contains(node) || open?.contains(node)))
}

function onKey(event) {
  if (!open || event.key !== "Escape") return
  event.stopPropagation() // it closes nothing else
  const word = open
  open = null // coming back to the word does not open it again
  if (tip.contains(document.activeElement)) word.focus()
  hideTip()
}

function leave() {
  clearTimeout(timer)
  if (!pinned) timer = setTimeout(hideTip, GOES_MS)
}

// `word`: what has the role of a button, with a text; `entry()`: what there is to say, {word, says, page}
export function watchWord(word, entry) {
  word.addEventListener("pointerenter", ({ pointerType }) => {
    if (pointerType !== "mouse") return
    clearTimeout(timer)
    if (open !== word) timer = setTimeout(() => showTip(word, entry(), false), COMES_MS)
  })
  word.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && leave())
  word.addEventListener("focus", () => !tip?.isConnected && word.matches(":focus-visible") && showTip(word, entry()))
  word.addEventListener("blur", ({ relatedTarget }) => open === word && !within(relatedTarget) && hideTip())
}

export function toggleTip(word, entry) {
  if (open === word && pinned) hideTip()
  else showTip(word, entry)
}

export function showTip(word, entry, stays = true) {
  clearTimeout(timer)
  if (!entry || !word.isConnected) return
  if (!tip) make()
  if (open !== word) {
    hideTip()
    word.after(tip) // where the keyboard goes on from the word
  }
  open = word
  pinned = stays
  const [head, says, link] = tip.children
  setText(head, entry.word)
  setText(says, entry.says)
  link.hidden = !entry.page
  link.href = LAB + (entry.page ?? "")
  setText(link, globalThis.__dfaLab.glossary.more)
  tip.showPopover()
  follow()
}

export function hideTip() {
  clearTimeout(timer)
  open = null
  pinned = false
  if (tip?.matches(":popover-open")) tip.hidePopover()
  tip?.remove()
}

// Beside the word wherever that goes; away with it when it is gone.
function follow() {
  if (!open) return
  const box = open.getClientRects()[0]
  const room = windowRoom()
  if (!box || box.bottom < room.top || box.top > room.bottom) return hideTip()
  const { left, top } = beside(box, tip.getBoundingClientRect(), room)
  Object.assign(tip.style, { left: `${left}px`, top: `${top}px` })
}
