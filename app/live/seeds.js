// Several seeds of a rule as one line: their mean, and a band of one standard deviation (n − 1) to both sides, as in Compare.

// series: {step, epoch, seconds, value} of every seed, as records.js keeps them. The same with `low` and `high`: at every step at
// which each of them was measured; null where one of them has a gap. Runs of one experiment are measured at the same steps.
export function together(series) {
  const [first, ...others] = series
  const places = others.map((one) => new Map(one.step.map((step, i) => [step, i])))
  const made = { step: [], epoch: [], seconds: [], value: [], low: [], high: [] }
  first.step.forEach((step, i) => {
    const there = [i, ...places.map((place) => place.get(step))]
    if (there.includes(undefined)) return // one of them is not yet there, or has ended
    const { mean, deviation } = spread(series.map((one, seed) => one.value[there[seed]]))
    made.step.push(step)
    made.epoch.push(first.epoch[i])
    made.seconds.push(spread(series.map((one, seed) => one.seconds[there[seed]])).mean)
    made.value.push(mean)
    made.low.push(mean === null ? null : mean - deviation)
    made.high.push(mean === null ? null : mean + deviation)
  })
  return made
}

export function howMany(runs) {
  return new Set(runs.map(({ seed }) => seed)).size
}

// {mean, deviation} of several numbers; both null if one of them is not known
export function spread(values) {
  if (!values.length || values.includes(null)) return { mean: null, deviation: null }
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 }
}
