import { expect, test } from 'vitest'

import { rangeOf, wishOf, wrongOf } from './wish'

test('a figure is one number, the least and the most, or these with the likeliest between', () => {
  expect(rangeOf('')).toEqual([])
  expect(rangeOf(' 1,200 ')).toEqual([1200])
  expect(rangeOf('-50')).toEqual([-50])
  expect(rangeOf('500..600')).toEqual([500, 600])
  expect(rangeOf('500 .. 520 .. 600')).toEqual([500, 520, 600])
  for (const wrong of ['600..500', 'many', '1..2..3..4', '1..', '..', '1e999']) expect(rangeOf(wrong)).toBeNull()
})

test('what was typed becomes what the program takes', () => {
  expect(wishOf({})).toBeNull()
  expect(wishOf({ now_month: '900', instead_once: '2000..4000', instead_month: '500..600', instead_over: '0..1', hour: '300' })).toEqual({
    now: { once: [], month: [900], over_hours: [] },
    instead: { once: [2000, 4000], month: [500, 600], over_hours: [0, 1] },
    months: 12,
    over_hour_cost: 300,
  })
})

test('what is wrong is named, and nothing is asked', () => {
  const typed = { now_month: 'many', instead_over: '-1', hour: '1..2', months: '121' }
  expect([...wrongOf(typed)].toSorted()).toEqual(['hour', 'instead_over', 'months', 'now_month'])
  expect(wishOf(typed)).toBeNull()
})
