// "Show me around", beside the state of the training: there for good, and for once a small offer.

import { element, setAttribute, setText } from "../charts/dom.js"

export class GuideButton {
  constructor(start, decline) {
    this.root = element("span", "dfa-around")
    this.new = element("span", "dfa-around-new")
    this.show = element("button", "dfa-around-show", "", { type: "button" })
    this.mark = element("span", "dfa-around-mark", "?", { "aria-hidden": "true" })
    this.word = element("span", "dfa-around-word")
    this.no = element("button", "dfa-around-no", "×", { type: "button" })
    this.show.append(this.mark, this.word)
    this.root.append(this.new, this.show, this.no)
    this.show.addEventListener("click", start)
    this.no.addEventListener("click", decline)
    this.offer(false)
  }

  say(texts) {
    setText(this.new, texts.offer)
    setText(this.word, texts.around)
    this.show.title = texts.around
    setAttribute(this.no, "aria-label", texts.no)
    this.no.title = texts.no
  }

  // `picture`: the live one, or null where it is not there yet
  put(picture) {
    const head = picture?.querySelector(".dfa-status-head")
    if (head && this.root.parentNode !== head) head.append(this.root)
  }

  offer(offers) {
    this.new.hidden = this.no.hidden = !offers
    this.root.classList.toggle("dfa-offers", offers)
  }

  focus() {
    this.show.focus({ preventScroll: true })
  }

  remove() {
    this.root.remove()
  }
}
