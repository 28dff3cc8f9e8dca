import { expect, test } from 'vitest'

import { compared, measureOf } from './lines'

test('a plain comparison is taken apart', () => {
  expect(compared('up == 0')).toEqual({ left: 'up', line: 0 })
  expect(compared('sum by (job) (rate(errors[5m])) / 2 > bool 1.5e3')).toEqual({ left: 'sum by (job) (rate(errors[5m])) / 2', line: 1500 })
  expect(compared('(a and b) >= -2')).toEqual({ left: '(a and b)', line: -2 })
  expect(compared('x{label="> 5 and <"} < .5')).toEqual({ left: 'x{label="> 5 and <"}', line: 0.5 })
})

test('what has no one line is left whole', () => {
  for (const expr of ['a > b', 'a > 1 and b > 2', '(a > 1)', 'a > 1 > 2', 'absent(up)', 'a > 1 # > 2', 'rate(x[5m] > 1']) {
    expect(compared(expr)).toEqual({ left: expr, line: null })
  }
})

const said = (expr: string, value: number, other = {}) =>
  measureOf({ source: 'g/A', name: 'A', expr, resource_id: null, evidence: { normal: null, changes: [] }, ...other }).say(value).replaceAll('\u00a0', ' ')

test('figures are said in what they count', () => {
  expect(said('service:errors:ratio5m{service="checkout"} > 0.01', 0.0316)).toBe('3.16 %')
  expect(said('shop_connections / shop_connections_max > 0.9', 0.955)).toBe('95.5 %')
  expect(said('sum(rate(errors[5m])) / sum(rate(all[5m])) > 5', 6)).toBe('6')
  expect(said('node_memory_MemFree_bytes < 1e6', 2048)).toBe('2 KiB')
  expect(said('node_memory_MemFree_bytes / node_memory_MemTotal_bytes < 0.1', 0.05)).toBe('5 %')
  expect(said('queue_depth > 200', 1204)).toBe('1.2 k')
})

test('what the program raises by itself says its own figure', () => {
  expect(said('', 23.3, { source: 'objective/x', name: 'ObjectiveBurnsBudget' })).toBe('23.3×')
  expect(said('', 0.2, { source: 'objective/x', name: 'ObjectiveBudgetLow' })).toBe('20 %')
  expect(said('a / b', 0.991, { source: 'resource/cpu', resource_id: 'cpu-1' })).toBe('99.1 %')
  expect(said('', 12.5, { source: 'forecast/disk', resource_id: 'disk-1' })).toBe('12.5 days left')
})
