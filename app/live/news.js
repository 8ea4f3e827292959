// Asks the server what is new (route.py) while a view waits for something, and hands every answer on.

import { LAB } from "../charts/lab_address.js"

const RETRY_MS = 1000
const EAGER_MS = 150 // until the first record is there

export class News {
  // `have()`: the parameters of the question; `take(answer)`: called with every answer about the address that is followed
  constructor(have, take) {
    this.have = have
    this.take = take
    this.name = Math.random().toString(36).slice(2)
    this.seen = () => this.#again(0)
    document.addEventListener("visibilitychange", this.seen)
  }

  // Ask about this address now, and while something is waited for as often as the server says (pace.py).
  follow(address, waits) {
    this.waits = waits
    if (address !== this.address) this.#drop()
    this.address = address
    this.owed = true
    this.#again(0)
  }

  end() {
    document.removeEventListener("visibilitychange", this.seen)
    this.#drop()
    this.address = null
  }

  // Nobody waits for an answer about something else any more.
  #drop() {
    this.asking?.abort()
    this.asking = null
  }

  #again(after) {
    clearTimeout(this.timer)
    if (this.address && !document.hidden && (this.waits || this.owed)) this.timer = setTimeout(() => this.#ask(), after)
  }

  async #ask() {
    if (this.asking) return
    const asking = (this.asking = new AbortController())
    this.owed = false
    const answer = await this.#fetch(asking.signal)
    if (this.asking !== asking) return
    this.asking = null
    this.owed ||= !answer
    const nothingYet = answer && !answer.records?.length && !this.have().have
    this.#again(nothingYet ? EAGER_MS : (answer?.every ?? this.later ?? RETRY_MS))
    if (answer) this.take(answer)
  }

  // null: the server is busy or gone, which Streamlit says, or has told us when to ask again. What is missing then is asked
  // for again.
  async #fetch(signal) {
    try {
      const answer = await fetch(`${LAB}${this.address}&${new URLSearchParams({ ...this.have(), chart: this.name })}`, {
        signal,
      })
      this.later = answer.status === 429 ? 1000 * (Number(answer.headers.get("Retry-After")) || 1) : null
      return answer.ok ? await answer.json() : null
    } catch {
      return null
    }
  }
}
