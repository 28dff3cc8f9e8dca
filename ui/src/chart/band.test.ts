import { expect, test } from 'vitest'

import type { BandList } from '../api/types'
import { alongside, usualOf, withBand } from './band'

const LIST: BandList = {
  zone: 'UTC',
  width: 1,
  step: 10,
  times: [100, 110, 120],
  series: [
    { labels: { host: 'a' }, since: 0, basis: null, low: [null, null, null], mid: [null, null, null], high: [null, null, null], shift: null },
    { labels: { host: 'b' }, since: 0, basis: 'week', low: [1, 2, 3], mid: [2, 3, 4], high: [3, 4, 5], shift: null },
  ],
}

test('the band of a series is found by its labels, whatever its name', () => {
  expect(usualOf(LIST, { __name__: 'heat', host: 'b' })?.low).toEqual([1, 2, 3])
  expect(usualOf(LIST, { host: 'a' })).toBeNull()
  expect(usualOf(LIST, { host: 'c' })).toBeNull()
  expect(usualOf(undefined, null)).toBeNull()
})

test('between its points a band holds, and past its end not for long', () => {
  const usual = usualOf(LIST, { host: 'b' })
  expect(usual && alongside([90, 100, 109, 110, 139, 141], usual).high).toEqual([null, 3, 3, 4, 5, null])
})

test('a band comes behind the lines and stays out of the legend', () => {
  const picture = { lines: [{ label: 'x', token: 'series-1' }], say: String }
  const [columns, drawn] = withBand({ times: [100], values: [[9]] }, picture, usualOf(LIST, { host: 'b' }))
  expect(columns.values).toEqual([[9], [3], [1]])
  expect(drawn.usual).toEqual({ high: 1, low: 2 })
  expect(drawn.lines.slice(1).every(({ quiet }) => quiet)).toBe(true)
  expect(withBand({ times: [100], values: [[9]] }, picture, null)[1]).toBe(picture)
})
