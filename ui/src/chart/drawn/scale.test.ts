import { expect, test } from 'vitest'

import { at, dayTicks, part, ticks } from './scale'

const day = (text: string) => Date.parse(`${text}T00:00:00Z`)

test('a value lies where its part of the scale is, and never beyond its ends', () => {
  expect(part({ low: 10, high: 30 }, 15)).toBe(0.25)
  expect(part({ low: 10, high: 30 }, 99)).toBe(1)
  expect(part({ low: 5, high: 5 }, 5)).toBe(0)
  expect(at({ low: 0, high: 3 }, 1)).toBe('33.33%')
})

test('round values are named, and powers of two for bytes', () => {
  expect(ticks({ low: 0, high: 730 }, 4)).toEqual([0, 200, 400, 600])
  expect(ticks({ low: 0, high: 1 }, 4)).toEqual([0, 0.25, 0.5, 0.75, 1])
  expect(ticks({ low: 0, high: 8 * 1024 ** 3 }, 4, true)).toEqual([0, 2, 4, 6, 8].map((gib) => gib * 1024 ** 3))
  expect(ticks({ low: 3, high: 3 }, 4)).toEqual([])
})

test('months are named with the year in January, and Mondays where it is short', () => {
  expect(dayTicks({ low: day('2026-11-21'), high: day('2027-02-20') }, 6).map(({ text }) => text)).toEqual(['Dec', 'Jan 2027', 'Feb'])
  expect(dayTicks({ low: day('2026-11-21'), high: day('2026-12-15') }, 6).map(({ text }) => text)).toEqual(['23 Nov', '30 Nov', '7 Dec', '14 Dec'])
  expect(dayTicks({ low: day('2026-11-21'), high: day('2029-11-21') }, 6).length).toBeLessThanOrEqual(7)
})
