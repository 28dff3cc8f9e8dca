import { expect, test } from 'vitest'

import type { OutcomeView, SpreadView } from '../../../api/types'
import { costAt, costSum, dayText, demandAt, moneyText, monthNamed, monthOf, monthsOf, monthText, resourcesOf } from './compare'

const END = (text: string) => Date.parse(`${text}T00:00:00Z`)
const TWELFTH = (365.25 / 12) * 86_400_000
const spread = (p50: number): SpreadView => ({ p10: p50 - 1, p50, p90: p50 + 1 })
const outcome = (name: string, ends: number[], resource: string): OutcomeView => ({
  name,
  money: 'EUR',
  ends,
  drivers: [],
  resources: [
    {
      name: resource,
      title: resource,
      unit: 'count',
      line: 80,
      months: ends.map((_, at) => ({ demand: spread(50 + at), gap_p50: 0, gap_p90: 0, chance: 0 })),
      reached_p50: null,
      reached_p90: 1,
      order_by: null,
      benefit: null,
    },
  ],
  cost: ends.map(() => spread(120)),
  tornado: [],
})
const ONE = outcome('one', [END('2026-12-01'), END('2027-01-01')], 'pool')
const OTHER = outcome('other', [END('2027-01-01'), END('2027-02-01')], 'disk')

test('scenarios share the months and resources that any has', () => {
  expect(monthsOf([ONE, OTHER]).map(monthText)).toEqual(['Nov 2026', 'Dec 2026', 'Jan 2027'])
  expect(resourcesOf([ONE, OTHER]).map(({ name }) => name)).toEqual(['pool', 'disk'])
  expect(demandAt(ONE, 'pool', END('2026-12-01'))?.demand.p50).toBe(51)
  expect(demandAt(ONE, 'pool', END('2027-01-01'))).toBeNull()
  expect(demandAt(ONE, 'disk', END('2026-12-01'))).toBeNull()
  expect(costAt(OTHER, END('2026-11-01'))).toBeNull()
})

test('a twelfth of a year counts as the month most of it lies in', () => {
  const start = END('2026-12-01')
  const named = Array.from({ length: 13 }, (_, at) => monthText(monthOf(start + (at + 1) * TWELFTH)))
  expect(new Set(named).size).toBe(13)
  expect(named.slice(0, 4)).toEqual(['Dec 2026', 'Jan 2027', 'Feb 2027', 'Mar 2027'])
})

test('months, days and money are said', () => {
  expect(monthNamed(ONE, 1)).toBe('Dec 2026')
  expect(monthNamed(ONE, null)).toBeNull()
  expect(dayText(END('2027-02-05'))).toBe('5 Feb 2027')
  expect(costSum(ONE)).toBe(240)
  expect(moneyText(12_345.6, 'EUR')).toBe('12,346\u00a0EUR')
  expect(moneyText(0.5, '')).toBe('0.5')
})
