import { expect, test } from 'vitest'

import { burned, telling } from './burned'

test('a budget burns as many times as fast as bad events outnumber those allowed', () => {
  const rates = burned({ events: [1000, 0, null, 500], events_bad: [2, 0, null, 0] }, 0.999)
  expect(rates.map((rate) => (rate === null ? null : Math.round(rate * 100) / 100))).toEqual([2, null, null, 0])
  expect(burned({ events: [10], events_bad: [1] }, 1)).toEqual([null])
})

test('a label that only tells bad from good is no cause', () => {
  expect([...telling({ bad: 'http_total{job="x", code=~"5.."}', total: 'http_total{job="x"}' })]).toEqual(['code'])
  expect([...telling({ good: 'latency_bucket{le="0.3"}', total: 'latency_count' })]).toEqual(['le'])
  expect([...telling({ value: 'p95{a="b"}' })]).toEqual([])
})
