import { expect, test } from 'vitest'

import { sparkPath } from './spark-path'

const BOX = { width: 100, height: 20 }

test('gaps tear the line', () => {
  expect(sparkPath([0, null, 1], BOX).path).toBe('M0 18M100 2')
  expect(sparkPath([null, null], BOX).path).toBe('')
})

test('a level line stays level', () => {
  const heights = [...sparkPath([0.5, 0.501, 0.5], BOX).path.matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y))
  expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(2)
})

test('a line is drawn only where it can be seen', () => {
  expect(sparkPath([0.9, 1], { ...BOX, line: 0.95 }).lineAt).toBe(10)
  expect(sparkPath([0.1, 0.2], { ...BOX, line: 0.95 }).lineAt).toBeNull()
})
