// Where a small box goes beside something on the screen, in CSS pixels, so that it covers neither that nor what must stay in sight.

const GAP = 10
export const EDGE = 8 // of the window, that nothing touches

// {left, top, side, fits: whether there was room} for a box of `size` {width, height} beside `target`, within `room`; both boxes are {left, top, right, bottom}.
// `sides`: the first on which there is room; on none, the one with most of it, beside the target all the same while it can.
export function beside(target, size, room, sides = ["below", "above", "right", "left"]) {
  const free = {
    below: room.bottom - target.bottom - GAP - size.height,
    above: target.top - GAP - size.height - room.top,
    right: room.right - target.right - GAP - size.width,
    left: target.left - GAP - size.width - room.left,
  }
  const side = sides.find((one) => free[one] >= 0) ?? sides.reduce((one, other) => (free[other] > free[one] ? other : one))
  const middle = { x: (target.left + target.right - size.width) / 2, y: (target.top + target.bottom - size.height) / 2 }
  const { left, top } = {
    below: { left: middle.x, top: target.bottom + GAP },
    above: { left: middle.x, top: target.top - GAP - size.height },
    right: { left: target.right + GAP, top: middle.y },
    left: { left: target.left - GAP - size.width, top: middle.y },
  }[side]
  const into = (value, low, high) => Math.max(low, Math.min(value, high))
  return {
    side,
    fits: free[side] >= 0,
    left: into(left, room.left, room.right - size.width),
    top: into(top, room.top, room.bottom - size.height),
  }
}

// The window, less its edge.
export function windowRoom() {
  const { clientWidth, clientHeight } = document.documentElement
  return { left: EDGE, top: EDGE, right: clientWidth - EDGE, bottom: clientHeight - EDGE }
}
