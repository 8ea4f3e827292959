// Words that a newcomer may not know: marked where they stand in a text of a picture, explained by pointing, focus or a tap.
//
// The words come from glossary.py with the page (stub.js): {more, words: {name: {word, forms, says, page, symbol, plain}}}.

import { element } from "../charts/dom.js"
import { showTip, toggleTip, watchWord } from "./word_tip.js"

const words = () => globalThis.__dfaLab?.glossary?.words
const PICTURES = ".dfa-live, .dfa-path"
const waiting = new Map() // node -> what writes it, once the words are there
globalThis.addEventListener("dfa-words", () => {
  found = null
  for (const write of waiting.values()) write()
  waiting.clear()
})

let found = null // {expression, names: {form: name}}

// All forms in one expression, the longest first; none begins or ends within a word.
function forms() {
  if (found) return found
  const names = {}
  for (const [name, { forms }] of Object.entries(words())) {
    for (const form of forms) for (const spelt of [form, form[0].toUpperCase() + form.slice(1)]) names[spelt] ??= name
  }
  const escaped = Object.keys(names)
    .sort((one, other) => other.length - one.length)
    .map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
  found = { names, expression: new RegExp(`(?<![\\p{L}\\p{N}_])(?:${escaped.join("|")})(?![\\p{L}\\p{N}_])`, "gu") }
  return found
}

// What the glossary says of a name; undefined if there is nothing, or not yet.
export function entryOf(name) {
  return words()?.[name]
}

// Calls this when the glossary is there: now, or as soon as it has come, if the node is still on the page then.
export function whenKnown(node, write) {
  if (words()) write()
  else waiting.set(node, () => node.isConnected && write())
}

// Writes a text into a node, with the words in it marked, each once. `as`: {form: name}, for words that mean something else
// here; `seen`: names that are marked elsewhere already, to which those of the text are added.
export function explain(node, text, { as = {}, seen = new Set() } = {}) {
  if (node.dataset.explained === text) return
  if (!words()) {
    node.textContent = text
    waiting.set(node.firstChild, () => node.textContent === text && explain(node, text, { as, seen }))
    return
  }
  node.dataset.explained = text
  node.replaceChildren(...pieces(text, as, seen))
  tidySoon(node)
}

function pieces(text, as, seen) {
  const { names, expression } = forms()
  const own = Object.keys(as).find((form) => text.startsWith(form))
  if (own) return [marked(own, as[own]), ...(text === own ? [] : pieces(text.slice(own.length), {}, seen))]
  const made = []
  let end = 0
  for (const { 0: form, index } of text.matchAll(expression)) {
    const name = names[form]
    if (seen.has(name)) continue
    seen.add(name)
    made.push(text.slice(end, index), marked(form, name))
    end = index + form.length
  }
  return [...made, text.slice(end)].filter((piece) => piece !== "")
}

// One word by its name, written as it stands here. No button element: that would not break where a line ends.
export function marked(form, name) {
  if (!entryOf(name)) return form
  const attributes = { role: "button", tabindex: "0", "data-word": name, "aria-describedby": described(name) }
  const word = element("dfn", "dfa-word", form, attributes)
  watchWord(word, () => entryOf(name))
  word.addEventListener("click", (event) => {
    event.stopPropagation()
    toggleTip(word, entryOf(name))
  })
  word.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return // the page pauses with the one
    event.preventDefault()
    event.stopPropagation()
    if (event.key === " ") showTip(word, entryOf(name))
    else toggleTip(word, entryOf(name))
  })
  return word
}

// What a screen reader says of a word when it comes there.
function described(name) {
  const id = `dfa-says-${name}`
  if (!document.getElementById(id)) {
    const { word, says } = entryOf(name)
    document.body.append(element("span", "", `${word}. ${says}`, { id, hidden: "" }))
  }
  return id
}

// By keyboard a picture's words are stopped at once each, at the first; by pointing and tapping all of them explain themselves.
const untidy = new Set()
globalThis.addEventListener("resize", () => {
  for (const picture of document.querySelectorAll(PICTURES)) tidySoon(picture)
})
function tidySoon(node) {
  if (!untidy.size) requestAnimationFrame(tidy)
  untidy.add(node)
}

function tidy() {
  const pictures = new Set([...untidy].map((node) => node.closest(PICTURES)).filter(Boolean))
  untidy.clear()
  for (const picture of pictures) {
    const seen = new Set()
    for (const word of picture.querySelectorAll(".dfa-word")) {
      const stops = !seen.has(word.dataset.word) && word.checkVisibility()
      if (stops) seen.add(word.dataset.word)
      if (word.tabIndex !== (stops ? 0 : -1)) word.tabIndex = stops ? 0 : -1
    }
  }
}
