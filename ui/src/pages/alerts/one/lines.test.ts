import { expect, test } from 'vitest'

import { compared } from './lines'

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
