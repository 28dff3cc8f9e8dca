import { expect, test } from 'vitest'

import type { ServiceLimitView, ServiceView } from '../../../api/types'
import { DAY } from '../../../text/time'
import { coveredResources, limitsInOrder, standingOf, whenOf, withoutText, worstFirst } from './standing'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const BARE: ServiceView = {
  name: 'shop',
  title: 'Shop',
  owner: 'nobody yet',
  text: '',
  load_expr: 'load',
  load_unit: 'per_second',
  load_now: 400,
  load_seen: 450,
  line: { low: 640, mid: 660, high: 680 },
  share: 0.6,
  binds: 'pool',
  dates: null,
  next: null,
  without: [],
  tested: null,
  limits: [],
}
const reached = (days: [number, number, number | null] | null) => ({
  text: 'not within 69 days',
  earliest: days && NOW + days[0] * DAY,
  likely: days && NOW + days[1] * DAY,
  latest: days?.[2] == null ? null : NOW + days[2] * DAY,
})
const dated = (days: [number, number, number | null] | null): ServiceView => ({
  ...BARE,
  dates: { by_itself: reached(days), launches: [], chance: 0.2, horizon: NOW + 69 * DAY },
})

const named = (name: string, days: Parameters<typeof dated>[0]): ServiceView => ({ ...dated(days), name })

const limit = (name: string, mid: number | null): ServiceLimitView => ({
  name,
  title: name,
  resource: name === 'cpu' ? 'cpu' : null,
  used_expr: '',
  limit_expr: '',
  limit: 1,
  target: 0.8,
  unit: 'count',
  why_not: mid === null ? '0 points' : null,
  line: mid === null ? null : { low: mid, mid, high: mid },
  first: 0,
  guess: false,
  form: null,
  explained: null,
  cost_change: null,
  curve: [],
  points: [],
  points_tested: [],
  tested_apart: null,
})

test('a service stands as its date does, and without one says so', () => {
  expect(standingOf({ ...BARE, line: null }, NOW)).toBe('not known')
  expect(standingOf(BARE, NOW)).toBe('no date')
  expect(standingOf({ ...BARE, share: 1.1 }, NOW)).toBe('reached')
  expect(standingOf(dated([0, 0, 0]), NOW)).toBe('reached')
  expect(standingOf(dated([10, 40, 60]), NOW)).toBe('within 30 days')
  expect(standingOf(dated([35, 40, 60]), NOW)).toBe('in sight')
  expect(standingOf(dated(null), NOW)).toBe('has room')
})

test('what is reached stands in front of what will be, and that in the order of its likely days', () => {
  const unknown = { ...BARE, name: 'unknown', line: null }
  const all = [named('room', null), unknown, named('soon', [0, 10, 20]), named('now', [-3, -1, 0]), named('sooner', [2, 4, 90])]
  expect(worstFirst(all, NOW).map(({ name }) => name)).toEqual(['now', 'sooner', 'soon', 'room', 'unknown'])
})

test('a date is said with its range, an open end and a date long gone too', () => {
  expect(whenOf(reached([9, 12, 20]), NOW)).toEqual({ main: '3 Dec', range: '90 %: 30 Nov – 11 Dec' })
  expect(whenOf(reached([9, 12, null]), NOW).range).toBe('90 %: 30 Nov – open')
  expect(whenOf(reached([0, 0, 0]), NOW).main).toBe('reached now')
  expect(whenOf(reached(null), NOW)).toEqual({ main: 'not reached within 69 days', range: null })
})

test('limits are in the order in which they bind, unknown ones last, and name their resources', () => {
  const limits = [limit('tape', null), limit('pool', 900), limit('cpu', 700)]
  expect(limitsInOrder(limits).map(({ name }) => name)).toEqual(['cpu', 'pool', 'tape'])
  expect(coveredResources([{ ...BARE, limits }])).toEqual(new Set(['cpu']))
})

test('what is gone is named', () => {
  const without = { lost: 'instance', of: null, count: 3, line: 100, carries: true }
  expect(withoutText(without, [])).toBe('With one of 3\u00a0instances gone')
  expect(withoutText({ ...without, lost: 'copy', of: 'pool', count: 2 }, [{ ...limit('pool', 1), title: 'the pool' }])).toBe('With one of 2\u00a0copies of the pool gone')
  expect(withoutText({ ...without, lost: 'zone', count: 1 }, [])).toBe('With its only zone gone')
})
