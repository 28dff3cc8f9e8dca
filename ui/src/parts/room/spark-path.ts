// The geometry of a spark line.

type Box = { width: number; height: number; line?: number | undefined }

/** Less spread than this is drawn flat, so that noise does not look like news. */
const SPREAD_MIN = 0.04
const EDGE = 2

export function sparkPath(values: readonly (number | null)[], box: Box): { path: string; lineAt: number | null } {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value))
  if (known.length === 0) return { path: '', lineAt: null }
  const middle = (Math.min(...known) + Math.max(...known)) / 2
  const spread = Math.max(Math.max(...known) - Math.min(...known), SPREAD_MIN)
  const low = middle - spread / 2
  const y = (value: number) => round(box.height - EDGE - ((value - low) / spread) * (box.height - 2 * EDGE))
  const step = box.width / Math.max(1, values.length - 1)

  let path = ''
  let drawing = false
  for (const [index, value] of values.entries()) {
    if (value === null || !Number.isFinite(value)) {
      drawing = false
      continue
    }
    path += `${drawing ? 'L' : 'M'}${round(index * step)} ${y(value)}`
    drawing = true
  }
  const { line } = box
  const visible = line !== undefined && line >= low && line <= low + spread
  return { path, lineAt: visible ? y(line) : null }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
