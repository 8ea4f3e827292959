// One panel with a plot: mounted once, then only fed, so that its zoom lasts.
//
// A kind of panel says what it is of: title(), sentence() for those who do not see it, missing() why there is nothing to draw
// ("" if there is), traces(context), layout(traces, context), as plotly takes them; and, if there is more to do, mounted() and
// drew().

import { element, setText } from "./dom.js"
import { marginOf } from "./plot_layout.js"

const IMAGE = { width: 1200, height: 700 } // CSS pixels of a downloaded one

export class PlotPanel {
  images = [{ format: "png", title: "Download image", icon: "camera", scale: 2 }] // that can be downloaded

  // `owner`: the PlotView that the panel is part of
  constructor(owner, key) {
    this.owner = owner
    this.zoomedY = null // [low, high] that the viewer chose
    this.drawn = false
    this.turn = 0 // when it was drawn last
    this.stale = true
    this.root = element("figure", "dfa-panel", "", { "data-panel": key })
    this.heading = element("figcaption")
    // An image has no buttons in it, as the plot does: those who do not see it are given the sentence beside it.
    this.words = element("div", "dfa-words", "", { role: "img" })
    this.plot = element("div", "dfa-plot")
    this.note = element("div", "dfa-note")
    this.frame = element("div", "dfa-frame")
    this.frame.append(this.words, this.plot, this.note)
    this.root.append(this.heading, this.frame)
    // A redraw in the middle of a drag would take the zoom box away.
    this.frame.addEventListener("pointerdown", () => owner.hold())
  }

  mounted() {}
  drew() {}

  // What the picture shows, for those who do not see it; in its place, why there is none.
  explain() {
    this.words.setAttribute("aria-label", this.sentence())
    const waiting = globalThis.Plotly ? "" : this.owner.plotlyTrouble || "Preparing the chart…"
    setText(this.note, this.missing() || waiting)
  }

  // What traces and layout are made from besides the values: see plot_layout.js.
  context() {
    const { theme, touch, stats } = this.owner
    const { width, height } = this.plot.getBoundingClientRect()
    return { theme, touch, range: this.owner.rangeX(), zoomedY: this.zoomedY, width, height, revision: stats.draws }
  }

  draw(Plotly) {
    this.stale = false
    this.explain()
    const context = this.context()
    if (context.width < 50) return
    const traces = this.traces(context)
    if (!traces.length && !this.drawn) return
    this.owner.stats.draws++
    this.range = context.range
    const layout = this.layout(traces, context)
    // Axes without a line would have ends that nobody has measured: the note says what there is to say.
    this.empty = !traces.length
    this.plot.classList.toggle("dfa-empty", this.empty)
    if (this.drawn) Plotly.react(this.plot, traces, layout)
    else this.#mount(Plotly, traces, layout)
    this.drew(traces)
  }

  #mount(Plotly, traces, layout) {
    this.drawn = true
    this.owner.stats.plots++
    Plotly.newPlot(this.plot, traces, layout, this.#config(Plotly))
    for (const drawing of this.plot.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true")
    this.plot.on("plotly_relayout", (change) => this.owner.zoomed(this, change))
    this.plot.on("plotly_doubleclick", () => this.owner.fit())
    this.mounted()
    this.owner.stats.firstDraw ??= performance.now()
  }

  #config(Plotly) {
    const images = this.images.map(({ title, icon, ...image }) => {
      const click = () => this.#download(Plotly, image)
      return { name: image.format, title, icon: Plotly.Icons[icon], click }
    })
    const fit = { name: "fit", title: "Reset zoom", icon: Plotly.Icons.home, click: () => this.owner.fit() }
    const modeBarButtons = [[...images, fit]]
    return { displaylogo: false, showSendToCloud: false, doubleClick: false, responsive: false, modeBarButtons }
  }

  // On screen the title is text above the chart and the legend is beside it; an image needs both inside.
  #download(Plotly, image) {
    const { theme } = this.owner
    const layout = {
      ...this.plot.layout,
      title: { text: this.title() },
      showlegend: true,
      paper_bgcolor: theme.background,
      margin: { ...marginOf(theme), t: 60 },
    }
    const data = this.plot.data.map((trace) => ({ ...trace, showlegend: Boolean(trace.name) }))
    Plotly.downloadImage({ data, layout }, { ...IMAGE, ...image, filename: this.title() })
  }

  unmount() {
    if (this.drawn) globalThis.Plotly.purge(this.plot)
    this.drawn = false
    this.root.remove()
  }
}
