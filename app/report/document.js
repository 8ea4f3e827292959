// Draws the report's figures, in the colours that the page has just now, light or dark.
"use strict"
{
  const figures = JSON.parse(document.getElementById("figures").textContent)
  const touch = matchMedia("(pointer: coarse)").matches
  const config = { responsive: true, displayModeBar: false }

  const paper = { width: 332, height: 190, autosize: false } // pixels: half of a page of A4 or Letter
  let printing = false

  function themed(layout) {
    const style = getComputedStyle(document.documentElement)
    const [text, quiet, grid, ground] = ["--text", "--quiet", "--grid", "--ground"].map((name) =>
      style.getPropertyValue(name).trim(),
    )
    const axis = { gridcolor: grid, linecolor: grid, zeroline: false, automargin: true, fixedrange: touch }
    return {
      ...layout,
      ...(printing ? paper : {}),
      margin: printing ? { l: 44, r: 10, t: 8, b: 34 } : { l: 56, r: 14, t: 8, b: 44 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: printing ? 11 : 14, color: quiet },
      showlegend: false,
      hovermode: "x unified",
      hoverlabel: { bgcolor: ground, bordercolor: grid, font: { color: text } },
      dragmode: touch ? false : "zoom",
      xaxis: { ...layout.xaxis, ...axis },
      yaxis: { ...layout.yaxis, ...axis },
      shapes: (layout.shapes ?? []).map((shape) => ({ ...shape, line: { color: quiet, width: 1.5, dash: "dash" } })),
    }
  }

  function draw() {
    for (const [number, { data, layout }] of figures.entries()) Plotly.react(`plot${number}`, data, themed(layout), config)
  }

  // on paper nothing can be opened, and figures do not follow the width of the page by themselves
  function print(begins) {
    printing = begins
    for (const details of document.querySelectorAll("details")) {
      if (begins) details.dataset.before = details.open
      details.open = begins || details.dataset.before === "true"
    }
    draw()
    if (!begins) for (const number of figures.keys()) Plotly.Plots.resize(`plot${number}`)
  }

  draw()
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw)
  addEventListener("beforeprint", () => print(true))
  addEventListener("afterprint", () => print(false))
}
