import { expect, test } from 'vitest'

import type { RunView } from '../../api/types'
import { columnsOf, differenceText, drawnRows, endOf, figureText, gathered, highest, millisText, passedOf, secondsText, secondTicks, valueAt, wordOf } from './rows'

test('seconds are said and named along an axis', () => {
  expect(secondsText(40)).toBe('40\u00a0s')
  expect(secondsText(125)).toBe('2:05')
  expect(secondsText(4200)).toBe('1:10:00')
  expect(secondTicks(60, 6)).toEqual([0, 10, 20, 30, 40, 50])
  expect(secondTicks(7200, 5).length).toBeLessThanOrEqual(5)
})

test('a second is found in the place that holds it', () => {
  const line = { step: 2, values: [10, null, 30] }
  expect([1, 2, 3, 5, 6, 7].map((second) => valueAt(line, second))).toEqual([10, 10, null, 30, 30, null])
  expect(highest([[1, null], [7]])).toBe(7)
  expect(highest([])).toBe(0)
})

test('a run that is lost stands at the last second that it told', () => {
  const last = { second: 10, sent: 5, good: 5, failed: 0, in_flight: 1, response_p50_ms: 1, response_p95_ms: 2, response_p99_ms: 3 }
  const run = { started: 1_000, seconds: 60, last }
  expect(passedOf({ ...run, state: 'running' }, 31_000)).toBe(30)
  expect(passedOf({ ...run, state: 'lost' }, 31_000)).toBe(10)
  expect(passedOf({ ...run, state: 'lost', last: null }, 31_000)).toBe(0)
  expect(passedOf({ ...run, state: 'running' }, 999_000)).toBe(60)
})

test('rows of several seconds are told a second', () => {
  const row = { sent: 10, good: 8, failed: 2, in_flight: 3, response_p50_ms: 1, response_p95_ms: null, response_p99_ms: 9 }
  const columns = columnsOf([row], 2)
  expect([columns.sent, columns.good, columns.failed, columns.inFlight, columns.p95]).toEqual([[5], [4], [1], [3], [null]])
})

test('times, shares and differences are said', () => {
  expect([0.4567, 12.34, 345.6, 2351, 12_345].map(millisText)).toEqual(['0.46\u00a0ms', '12.3\u00a0ms', '346\u00a0ms', '2.35\u00a0s', '12.3\u00a0s'])
  expect(millisText(null)).toBe('–')
  expect(figureText('response p95', 0.012)).toBe('12\u00a0ms')
  expect(figureText('errors', 0.0123)).toBe('1.23\u00a0%')
  expect(differenceText(-0.034)).toBe('−3.4\u00a0%')
  expect(differenceText(0.25)).toBe('+25\u00a0%')
  expect(differenceText(null)).toBe('–')
})

const drawn = (timeline: Parameters<typeof drawnRows>[0], took = 0) => {
  const { rows, last } = drawnRows(timeline, took)
  return [rows.length, Number(last.toFixed(3))]
}

test('a last row of which hardly anything was left is no fall, unless something failed in it', () => {
  const rows = [{ failed: 0 }, { failed: 2 }, { failed: 0 }]
  expect(drawn({ seconds: 1, last_seconds: 0.1, rows })).toEqual([2, 1])
  expect(drawn({ seconds: 1, last_seconds: 0.8, rows })).toEqual([3, 0.8])
  expect(drawn({ seconds: 1, last_seconds: 0.1, rows: rows.slice(0, 2) })).toEqual([2, 0.1])
  // Reports of earlier versions say only how long all took.
  expect(drawn({ seconds: 1, rows }, 2.1)).toEqual([2, 1])
  expect(drawn({ seconds: 10, rows }, 30)).toEqual([3, 10])
})

test('a last row that was cut off is counted by what it lasted', () => {
  const row = { sent: 10, good: 8, failed: 2, in_flight: 3, response_p50_ms: 1, response_p95_ms: 2, response_p99_ms: 9 }
  expect(columnsOf([row, row], 2, 1).good).toEqual([4, 8])
  expect(columnsOf([row, row], 2, 0.01).failed).toEqual([1, 1])
  expect(endOf({ step: 2, last: 0.5, values: [1, 2, 3] })).toBe(4.5)
  expect([endOf({ step: 2, values: [1, 2] }), endOf({ step: 2, values: [] })]).toEqual([4, 0])
})

test('errors are shares already, so they differ in points', () => {
  expect(differenceText(0.0203, 'errors')).toBe('+2.0\u00a0points')
  expect(differenceText(-0.3, 'response p95')).toBe('−30\u00a0%')
})

const view = (id: string, gate: string | null, verdict: string | null) =>
  ({ run: { id, gate: gate === null ? null : { id: gate, side: 'before', round: 1 } }, gate_verdict: verdict }) as unknown as RunView

test('runs of a gate stand as one from the first on, where the newest is', () => {
  const found = gathered([view('a', 'g', 'passed'), view('b', null, null), view('c', 'g', 'passed'), view('d', 'h', 'goes_on')])
  expect(found.map((own) => ('gate' in own ? [own.gate, own.runs.map(({ run }) => run.id)] : own.run.id))).toEqual([['g', ['a', 'c']], 'b', ['h', ['d']]])
  expect(found.map((own) => wordOf(own))).toEqual(['passed', undefined, 'goes_on'])
  expect(wordOf({ gate: 'g', verdict: 'refused', runs: [] })).toBe('invalid')
})
