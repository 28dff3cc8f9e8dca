import { expect, test } from 'vitest'

import type { ServiceLimitView } from '../../../api/types'
import { curveFrame, usedAt } from './curve'

const CURVE: [number, number][] = [
  [100, 12],
  [200, 24],
  [700, 84],
]
const limit = (much: number | null, target: number): ServiceLimitView =>
  ({ curve: CURVE, points: [[150, 20]], points_tested: [], limit: much, target }) as unknown as ServiceLimitView

test('use stands between the points of its curve, and beyond them nobody knows', () => {
  expect(usedAt(CURVE, 150)).toBe(18)
  expect(usedAt(CURVE, 50)).toBe(12)
  expect(usedAt(CURVE, 701)).toBeNull()
  expect(usedAt([], 1)).toBeNull()
})

test('a picture holds the target, unless that lies far above everything', () => {
  const frame = curveFrame(limit(100, 0.8), { now: 500, seen: 600 })
  expect(frame.load).toBe(700)
  expect(frame.used).toBeGreaterThan(84)
  expect(frame.used).toBeLessThan(110)
  expect(curveFrame(limit(100_000, 0.8), { now: null, seen: 0 }).used).toBeLessThan(100)
  expect(curveFrame(limit(null, 0.8), { now: 900, seen: 0 }).load).toBeCloseTo(954)
  expect(curveFrame({ ...limit(null, 0.8), points_tested: [[1000, 130]] }, { now: 500, seen: 600 })).toEqual({ load: 1060, used: 130 * 1.06 })
})
