// Numbers as people type them.

const VALUES_MAX = 100

/** Numbers above nought with commas or spaces between them; none where nothing is typed; nothing if it is wrong. */
export function numbersOf(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean)
  const found = parts.map((part) => Number(part.replace(/k$/i, 'e3').replace(/m$/i, 'e6')))
  const right = found.length <= VALUES_MAX && found.every((value) => Number.isFinite(value) && value > 0)
  return right ? found : null
}
