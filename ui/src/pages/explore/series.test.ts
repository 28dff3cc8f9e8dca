import { expect, test } from 'vitest'

import { placeOf } from './mark'
import { autoStep, columnsOf, linesOf, parseValue, seriesName, shortNames, shownAt } from '../../chart/series'

test('series are named as they are asked for', () => {
  expect(seriesName({ __name__: 'up', job: 'node', instance: 'a' })).toBe('up{instance="a", job="node"}')
  expect(seriesName({})).toBe('value')
  expect(seriesName({ __name__: 'up' })).toBe('up')
})

test('what all series share is left out of their names', () => {
  const metrics = [
    { __name__: 'up', job: 'node', instance: 'a' },
    { __name__: 'up', job: 'node', instance: 'b' },
  ]
  expect(shortNames(metrics)).toEqual(['{instance="a"}', '{instance="b"}'])
})

test('from the seventh on, lines have dashes', () => {
  const lines = linesOf(Array.from({ length: 8 }, (_, index) => ({ cpu: String(index) })))
  expect(lines.map(({ token }) => token).slice(5)).toEqual(['series-6', 'series-1', 'series-2'])
  expect(lines[5]?.dash).toBeUndefined()
  expect(lines[6]?.dash).toBeDefined()
})

test('series with different moments share one row of them, with gaps', () => {
  const { times, values } = columnsOf(
    [
      { metric: {}, values: [[10, '1'], [20, 'NaN']] },
      { metric: {}, values: [[20, '2'], [60, '+Inf'], [70, '3']] },
    ],
    10_000,
  )
  expect(times).toEqual([10_000, 20_000, 30_000, 60_000, 70_000])
  expect(values).toEqual([
    [1, null, null, null, null],
    [null, 2, null, null, 3],
  ])
})

test('values are read as Prometheus writes them', () => {
  expect(parseValue('-Inf')).toBe(Number.NEGATIVE_INFINITY)
  expect(parseValue('NaN')).toBeNaN()
  expect(parseValue('1e3')).toBe(1000)
})

test('a step is round, and never below a second', () => {
  expect(autoStep(60_000, 400)).toBe(1_000)
  expect(autoStep(3_600_000, 400)).toBe(10_000)
  expect(autoStep(365 * 86_400_000, 400)).toBe(86_400_000)
})

test('the place an error speaks of is found', () => {
  expect(placeOf('1:5: parse error: unknown function', 'sum(rat(x))')).toEqual({ from: 4, to: 7 })
  expect(placeOf('2:1: parse error', 'a +\nb')).toEqual({ from: 4, to: 5 })
  expect(placeOf('unexpected character at position 3', 'up }')).toEqual({ from: 3, to: 4 })
  expect(placeOf('1:99: unexpected end', 'up')).toEqual({ from: 2, to: 2 })
  expect(placeOf('too many samples', 'up')).toBeNull()
})

test('what is shown ends no earlier than now, and its last point lies there', () => {
  const now = 1_700_000_003_250
  const shown = shownAt({ kind: 'moving', span: 3_600_000 }, now, 7_000)
  expect(shown.to).toBe(1_700_000_004_000)
  expect((shown.to - shown.from) % 7_000).toBe(0)
  expect(shown.to - shown.from).toBeGreaterThan(3_600_000 - 7_000)
  const fixed = { kind: 'fixed', from: 1_000_000, to: 2_000_500 } as const
  expect(shownAt(fixed, now, 100_000)).toEqual({ from: 1_000_500, to: 2_000_500, step: 100_000 })
})
