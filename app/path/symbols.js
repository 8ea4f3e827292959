// Numbers, angles and numbered letters as the picture writes them.

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"

export function numbered(letter, number) {
  return letter + [...String(number)].map((digit) => SUBSCRIPTS[digit]).join("")
}

export function short(value) {
  if (value === null || value === undefined) return "none"
  if (value === 0) return "0"
  const size = Math.abs(value)
  const text =
    size >= 1e5 || size < 1e-5
      ? value.toExponential(1)
      : size >= 1000
        ? Math.round(value).toLocaleString("en-US")
        : String(Number(value.toPrecision(3)))
  return text.replaceAll("-", "−")
}

export function degrees(angle) {
  return angle === null ? "no angle" : `${angle >= 0.05 && angle < 10 ? angle.toFixed(1) : Math.round(angle)}°`
}
