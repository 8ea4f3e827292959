// How many panels stand beside each other.

const LEAST = { plain: 285, large: 430 } // CSS pixels of a panel
const BEST = { plain: 400, large: 620 }
const MOST = 4

// `width`: of all of them; `count`: of panels. The styles make them as high as the rows leave room for.
export function arrangeIn(grid, width, count, large) {
  const columns = columnsFor(width, count, large)
  grid.style.setProperty("--columns", columns)
  grid.style.setProperty("--rows", Math.min(2, Math.ceil(count / columns)))
}

function columnsFor(width, count, large) {
  const kind = large ? "large" : "plain"
  const most = Math.max(1, Math.min(MOST, count, Math.floor(width / LEAST[kind])))
  let best = 1
  for (let columns = 2; columns <= most; columns++) {
    if (cost(columns) <= cost(best)) best = columns
  }
  return best

  // Holes count most, then how far a panel is from its best width.
  function cost(columns) {
    const holes = (columns - (count % columns)) % columns
    return (2 * holes) / columns + Math.abs(Math.log(width / columns / BEST[kind]))
  }
}
