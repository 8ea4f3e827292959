// Small pictures of numbers, painted in the page's colours: what a unit gives or weighs, and how the plane is divided.

import { pixel } from "../charts/theme.js"

const PLANE = 176 // pixels of its drawing
const STRONGEST = 0.85 // of a class's colour where the network is sure

export function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

export function signedOf(text) {
  return new Int8Array(bytesOf(text).buffer)
}

// Fills a canvas of width × height pixels; colourAt(i) gives [red, green and blue, their weight from 0 to 1] over the ground.
function paint(canvas, width, height, ground, colourAt) {
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    const [colour, weight] = colourAt(i)
    for (let channel = 0; channel < 3; channel++)
      image.data[4 * i + channel] = ground[channel] * (1 - weight) + colour[channel] * weight
    image.data[4 * i + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

// `values`: signed bytes; `signed`: the colours of 1 and -1
export function paintSigned(canvas, values, width, height, ground, [plus, minus]) {
  paint(canvas, width, height, ground, (i) => [values[i] > 0 ? plus : minus, Math.abs(values[i]) / 127])
}

// `given`: a class for each place, `sure`: bytes; `still`: see glances.py. The points lie on top.
export function paintPlane(canvas, given, sure, still, ground) {
  const colours = still.colours.map(pixel)
  const { side } = still
  const small = new OffscreenCanvas(side, side)
  paint(small, side, side, ground, (i) => [colours[given[i] % colours.length], (STRONGEST * sure[i]) / 255])
  if (canvas.width !== PLANE) canvas.width = canvas.height = PLANE
  const context = canvas.getContext("2d")
  context.drawImage(small, 0, 0, PLANE, PLANE)
  for (const [n, [across, down]] of still.places.entries()) {
    context.beginPath()
    context.arc(across * PLANE, down * PLANE, PLANE / 60, 0, 2 * Math.PI)
    context.fillStyle = still.colours[still.classes[n] % still.colours.length]
    context.strokeStyle = "#fff"
    context.stroke()
    context.fill()
  }
}
