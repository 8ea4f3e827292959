// Records as they arrive, sorted into series, and what is done to a series before it is drawn.

const MAX_POINTS_KEPT = 8000 // a series: beyond, it is thinned, so that a night of training does not fill the memory

export class RecordStore {
  constructor() {
    this.clear()
  }

  // `list`: the number of the list that what comes is of (route.py)
  clear(list = 0) {
    this.list = list
    this.series = new Map()
    this.have = 0 // records of the experiment's whole list that are in here
    this.last = { step: 0, epoch: 0, seconds: 0 }
  }

  // Takes what is new, of records that begin with one it has or the next, and returns how many that were.
  append(columns, metricNames) {
    const count = columns.step.length
    if (!count) return 0
    const first = this.have - columns.from
    if (first < 0) return 0 // there is a gap: it is asked for again
    for (let i = first; i < count; i++) this.#add(columns, metricNames, i)
    const added = Math.max(0, count - first)
    this.have += added
    return added
  }

  #add(columns, metricNames, i) {
    const key = seriesKey(columns.run[i], metricNames[columns.metric[i]], columns.layer[i])
    let series = this.series.get(key)
    if (!series) this.series.set(key, (series = { step: [], epoch: [], seconds: [], value: [] }))
    for (const axis of ["step", "epoch", "seconds"]) {
      series[axis].push(columns[axis][i])
      this.last[axis] = Math.max(this.last[axis], columns[axis][i])
    }
    series.value.push(columns.value[i] ?? null)
    if (series.value.length > MAX_POINTS_KEPT) halve(series)
  }

  get(run, metric, layer) {
    return this.series.get(seriesKey(run, metric, layer))
  }

  // When the first run made this step; the others take about as long. null: nothing is known of it
  secondsAt(step) {
    const series = this.get(0, "train_loss", null)
    if (!series) return null
    return series.seconds[Math.min(firstAtLeast(series.step, step), series.step.length - 1)]
  }

  // `last`: step after which nothing counts
  newest(run, metric, layer, last = Number.POSITIVE_INFINITY) {
    const series = this.get(run, metric, layer)
    return series?.value.findLast((value, at) => value !== null && series.step[at] <= last) ?? null
  }

  // The step of `newest`; null where there is none.
  newestStep(run, metric, layer) {
    const series = this.get(run, metric, layer)
    const place = series?.value.findLastIndex((value) => value !== null) ?? -1
    return place < 0 ? null : series.step[place]
  }
}

function seriesKey(run, metric, layer) {
  return `${run}|${metric}|${layer ?? ""}`
}

function halve(series) {
  const kept = extremesPerBucket(series.value, 0, series.value.length, MAX_POINTS_KEPT / 4)
  for (const column of Object.keys(series)) series[column] = kept.map((i) => series[column][i])
}

// Exponential moving average without the pull of a starting value; gaps stay gaps. The weight is that of a point
// `spacing` steps further on: rare test values are then smoothed over the same stretch as frequent training values.
export function smoothed(values, weight, steps, spacing) {
  if (!weight) return values
  let sum = 0
  let share = 1
  let before = steps[0] - spacing
  return values.map((value, i) => {
    if (value === null) return null
    const kept = weight ** ((steps[i] - before) / spacing)
    before = steps[i]
    sum = kept * sum + (1 - kept) * value
    share *= kept
    return sum / (1 - share)
  })
}

export function meanSpacing(steps) {
  return steps.length > 1 ? (steps.at(-1) - steps[0]) / (steps.length - 1) : Infinity
}

// Indices into values[start, end): the lowest and the highest of each bucket, in order, so that no spike is lost.
export function extremesPerBucket(values, start, end, buckets) {
  const kept = []
  for (let b = 0; b < buckets; b++) {
    const from = start + Math.floor(((end - start) * b) / buckets)
    const to = start + Math.floor(((end - start) * (b + 1)) / buckets)
    let low = -1
    let high = -1
    for (let i = from; i < to; i++) {
      if (values[i] === null) continue
      if (low < 0 || values[i] < values[low]) low = i
      if (high < 0 || values[i] > values[high]) high = i
    }
    if (low < 0 && to > from)
      kept.push(from) // a gap
    else if (low === high && low >= 0) kept.push(low)
    else if (low >= 0) kept.push(Math.min(low, high), Math.max(low, high))
  }
  return kept
}

// Indices of what is worth drawing between two x values: one neighbour beyond each side, at most about `most`.
export function worthDrawing(x, values, range, most) {
  const start = Math.max(0, firstAtLeast(x, range[0]) - 1)
  const end = Math.min(x.length, firstAtLeast(x, range[1]) + 2)
  if (end - start <= most) return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i)
  const kept = extremesPerBucket(values, start, end, Math.max(2, Math.floor(most / 2)))
  return kept.at(-1) === end - 1 ? kept : [...kept, end - 1]
}

function firstAtLeast(sorted, wanted) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < wanted) low = middle + 1
    else high = middle
  }
  return low
}
