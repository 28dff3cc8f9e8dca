// What part of a curve is worth drawing, and where it stands at some load.
import type { ServiceLimitView } from '../../../api/types'

/** The ends of both axes; both begin at nought. */
export type Frame = { load: number; used: number }

/** How far beyond the limit room is left, so that its line does not lie on the edge. */
const ROOM = 1.06
/** Where the limit lies this many times above all use, it is left out, and so is most of an empty picture. */
const FAR = 8

export function curveFrame({ curve, points, points_tested, limit, target }: ServiceLimitView, { now, seen }: { now: number | null; seen: number }): Frame {
  const all = [...points, ...points_tested]
  const load = Math.max(curve.at(-1)?.[0] ?? 0, (now ?? 0) * ROOM, seen * ROOM, ...points_tested.map(([at]) => at * ROOM)) || 1
  const highest = Math.max(0, ...all.map(([, used]) => used))
  const line = limit === null ? 0 : limit * target
  const drawn = Math.max(highest, ...curve.map(([, used]) => Math.min(used, Math.max(line * 1.25, highest))))
  const used = line > 0 && line <= drawn * FAR ? Math.max(drawn, line, target === 1 ? 0 : line * 1.1) : drawn
  return { load, used: used * ROOM || 1 }
}

/** Between the points of a curve; nothing beyond its ends. */
export function usedAt(curve: readonly (readonly [number, number])[], load: number): number | null {
  const after = curve.findIndex(([at]) => at >= load)
  const next = curve[after]
  if (!next) return null
  const before = curve[after - 1]
  if (!before) return next[1]
  const part = (load - before[0]) / (next[0] - before[0])
  return before[1] + part * (next[1] - before[1])
}
