// What happened, in numbers: read by the browser tests, and handy in the console.
export const stats = (globalThis.__dfa_live ??= {
  mounts: 0,
  unmounts: 0,
  updates: 0,
  points: 0,
  plots: 0,
  draws: 0,
  stale: 0,
  firstDraw: null,
  drawn: null,
})
