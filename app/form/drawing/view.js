// The board: points of several classes, drawn with mouse, finger or keys. What it is fed with (see `board` in __init__.py):
//   points: the text of the points; seen: number of the last drawing of this board that the server knows
//   styles: [[colour, mark]] of the classes; most: points; large: for a projector
// It sends {number, points}. An answer to an older drawing is no news; any other text is one from elsewhere and is taken.

import { element, svg } from "../../charts/dom.js"
import { MountedView } from "../../charts/mounted_view.js"
import { decode, encode, STEPS } from "./point_letters.js"

const SIZE = 400 // units of the board's own coordinates
const EDGE = 8 // so that marks on the rim are whole
const NEAR = 13 // units within which the eraser takes a point, and the least way between two points of a stroke
const SPREAD = 22 // units, of the spray
const OFTEN = 70 // milliseconds between two points of the spray
const TOOLS = {
  drop: ["Drop", "Click or drag to drop points"],
  spray: ["Spray", "Hold to spray points"],
  erase: ["Erase", "Drag over points to take them away"],
}

const within = (value) => Math.max(0, Math.min(STEPS, Math.round(value)))
const across = (x) => EDGE + (x / STEPS) * (SIZE - 2 * EDGE)
const down = (y) => SIZE - across(y)

export class View extends MountedView {
  constructor() {
    super("board")
    this.points = []
    this.text = null
    this.sent = new Map() // number: text
    this.number = 0
    this.past = []
    this.tool = "drop"
    this.chosen = 0
    this.classes = 2
    this.cursor = { x: STEPS / 2, y: STEPS / 2 }
    this.build()
  }

  build() {
    this.tools = element("div", "row", "", { role: "group", "aria-label": "Tool" })
    for (const [tool, [label, about]] of Object.entries(TOOLS)) {
      this.tools.append(this.button(label, about, () => this.use(tool), { "data-tool": tool }))
    }
    this.undoButton = this.button("Undo", "Take the last change back (Ctrl Z)", () => this.undo())
    this.clearButton = this.button("Clear", "Take all points away", () => this.change(() => (this.points = [])))
    this.tools.append(this.undoButton, this.clearButton)
    this.palette = element("div", "row", "", { role: "group", "aria-label": "Class of the next points" })
    this.board = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, tabindex: "0", role: "application" })
    this.marks = svg("g")
    this.cross = svg("path", { class: "cross" })
    this.board.append(
      svg("rect", { width: SIZE, height: SIZE, class: "ground" }),
      svg("path", { d: `M${SIZE / 2},0V${SIZE}M0,${SIZE / 2}H${SIZE}`, class: "axes" }),
      this.marks,
      this.cross,
    )
    this.count = element("div", "count", "", { "aria-live": "polite" })
    this.root.append(this.palette, this.board, this.tools, this.count)
    this.board.addEventListener("pointerdown", (event) => this.begin(event))
    this.board.addEventListener("pointermove", (event) => this.move(event))
    for (const name of ["pointerup", "pointercancel"]) this.board.addEventListener(name, () => this.end())
    this.root.addEventListener("keydown", (event) => this.key(event))
  }

  button(label, about, act, more = {}) {
    const made = element("button", "", label, { type: "button", title: about, ...more })
    made.addEventListener("click", act)
    return made
  }

  receive(data, { setStateValue }) {
    if (!data) return
    this.data = data
    this.send = setStateValue
    this.enlarge(data.large)
    const answer = this.sent.get(data.seen) === data.points
    if (data.points !== this.text && !answer) {
      if (this.text !== null) this.past.push(this.text)
      this.text = data.points
      this.points = decode(data.points)
      this.classes = Math.max(2, this.used())
      this.chosen = Math.min(this.chosen, this.classes - 1)
    }
    if (!answer) this.sent.set(data.seen, data.points) // the same again is no news either, if a drawing is under way to the server
    this.number = Math.max(this.number, data.seen)
    this.draw()
  }

  used() {
    return 1 + Math.max(-1, ...this.points.map((point) => point.t))
  }

  // Do something to the points; what was is kept for Undo, what is goes to the server.
  change(act) {
    const before = this.text
    act()
    this.tell(before)
  }

  tell(before) {
    const text = encode(this.points)
    if (text === this.text) return
    if (before !== null) this.past.push(before)
    this.past.splice(0, this.past.length - 200)
    this.put(text)
  }

  put(text) {
    this.text = text
    this.number += 1
    this.sent.set(this.number, text)
    this.sent.delete(this.number - 100)
    this.draw()
    this.send("drawn", { number: this.number, points: text })
  }

  undo() {
    if (!this.past.length) return
    const text = this.past.pop()
    this.points = decode(text)
    this.classes = Math.max(this.classes, this.used())
    this.put(text)
  }

  use(tool) {
    this.tool = tool
    this.draw()
  }

  choose(t) {
    const most = this.data.styles.length
    if (t >= most) return
    this.classes = Math.max(this.classes, t + 1)
    this.chosen = t
    if (this.tool === "erase") this.tool = "drop"
    this.draw()
  }

  add(x, y) {
    if (this.points.length >= this.data.most) return
    this.points.push({ x: within(x), y: within(y), t: this.chosen })
  }

  erase(x, y, one = false) {
    const far = ({ x: px, y: py }) => Math.hypot(px - x, py - y) * (SIZE / STEPS)
    if (one) {
      const nearest = this.points.reduce((best, point) => (far(point) < far(best ?? point) || !best ? point : best), null)
      this.points = this.points.filter((point) => point !== nearest || far(nearest) > 2 * NEAR)
    } else {
      this.points = this.points.filter((point) => far(point) > NEAR)
    }
  }

  place(event) {
    const box = this.board.getBoundingClientRect()
    const inner = (part) => (part * SIZE - EDGE) / (SIZE - 2 * EDGE)
    return [
      inner((event.clientX - box.left) / box.width) * STEPS,
      STEPS - inner((event.clientY - box.top) / box.height) * STEPS,
    ]
  }

  begin(event) {
    if (event.button > 0 || this.stroke) return
    event.preventDefault()
    this.board.focus({ preventScroll: true })
    this.board.setPointerCapture(event.pointerId)
    this.stroke = { before: this.text, last: null }
    this.move(event)
    if (this.tool === "spray") this.stroke.timer = setInterval(() => this.sprinkle(), OFTEN)
  }

  move(event) {
    if (!this.stroke) return
    const [x, y] = (this.stroke.at = this.place(event))
    const last = this.stroke.last
    if (this.tool === "erase") this.erase(x, y)
    else if (this.tool === "spray") {
      if (!last) this.sprinkle()
    } else if (!last || Math.hypot(x - last[0], y - last[1]) * (SIZE / STEPS) >= NEAR) this.add(x, y)
    else return
    this.stroke.last = [x, y]
    this.draw()
  }

  sprinkle() {
    const [x, y] = this.stroke.at
    const turn = 2 * Math.PI * Math.random()
    const far = SPREAD * (STEPS / SIZE) * Math.sqrt(-2 * Math.log(1 - Math.random())) * 0.7
    this.add(x + far * Math.cos(turn), y + far * Math.sin(turn))
    this.draw()
  }

  end() {
    if (!this.stroke) return
    clearInterval(this.stroke.timer)
    const { before } = this.stroke
    this.stroke = null
    this.tell(before)
  }

  key(event) {
    const onBoard = event.composedPath()[0] === this.board
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    const step = event.shiftKey ? 5 : 40
    const at = [this.cursor.x, this.cursor.y]
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.undo()
    else if (event.ctrlKey || event.metaKey || event.altKey) return
    else if (/^[0-9]$/.test(event.key)) this.choose(Number(event.key))
    else if (!onBoard) {
      if (event.key === " ") event.stopPropagation() // it presses this button, and not the page's Pause
      return
    } else if (way) this.cursor = { x: within(at[0] + step * way[0]), y: within(at[1] + step * way[1]) }
    else if (event.key === "Enter" || event.key === " ")
      this.change(() => (this.tool === "erase" ? this.erase(...at, true) : this.add(...at)))
    else if (event.key === "Backspace" || event.key === "Delete") this.change(() => this.erase(...at, true))
    else return
    event.preventDefault()
    event.stopPropagation()
    this.draw()
  }

  draw() {
    const { styles, most } = this.data
    const edge = getComputedStyle(this.board).getPropertyValue("--ground")
    this.marks.replaceChildren(
      ...this.points.map(({ x, y, t }) => {
        const [colour, mark] = styles[Math.min(t, styles.length - 1)]
        return svg("path", {
          d: `M${across(x).toFixed(1)},${down(y).toFixed(1)}${mark}`,
          fill: colour,
          stroke: edge,
          "stroke-width": 1,
          "data-class": t,
        })
      }),
    )
    const [x, y] = [across(this.cursor.x), down(this.cursor.y)]
    this.cross.setAttribute("d", `M${x - 14},${y}h10m8,0h10M${x},${y - 14}v10m0,8v10`)
    this.palette.replaceChildren(...this.swatches())
    for (const made of this.tools.children)
      if (made.dataset.tool) made.setAttribute("aria-pressed", String(made.dataset.tool === this.tool))
    this.board.dataset.tool = this.tool
    this.undoButton.disabled = !this.past.length
    this.clearButton.disabled = !this.points.length
    const classes = new Set(this.points.map((point) => point.t)).size
    const full = this.points.length >= most ? ": that is all that a link can carry" : ""
    this.count.textContent = `${this.points.length} of ${most} points, ${classes} ${classes === 1 ? "class" : "classes"}${full}`
    this.board.setAttribute(
      "aria-label",
      `Drawing board with ${this.points.length} points of ${classes} classes. Arrow keys move the cursor, with Shift a little; Enter drops a point of class ${this.chosen}, Backspace erases the nearest, digits choose the class.`,
    )
  }

  swatches() {
    const focused = this.palette.getRootNode().activeElement?.dataset.swatch
    const made = Array.from({ length: this.classes }, (_, t) => {
      const [colour, mark] = this.data.styles[t]
      const many = this.points.filter((point) => point.t === t).length
      const one = this.button("", `Draw class ${t} (key ${t}): ${many} points`, () => this.choose(t), {
        "data-swatch": t,
        "aria-pressed": String(t === this.chosen),
      })
      const icon = svg("svg", { viewBox: "-9 -9 18 18", "aria-hidden": "true" })
      icon.append(svg("path", { d: `M0,0${mark}`, fill: colour }))
      one.append(icon, element("span", "", String(t)))
      return one
    })
    if (this.classes < this.data.styles.length)
      made.push(this.button("+ class", "Add a class", () => this.choose(this.classes), { "data-swatch": "more" }))
    // What is drawn anew has lost the keyboard's place: the same button gets it back, or the one that was added.
    if (focused !== undefined) queueMicrotask(() => (made.find((one) => one.dataset.swatch === focused) ?? made.at(-1)).focus())
    return made
  }
}
