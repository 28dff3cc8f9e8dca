import { expect, test } from 'vitest'

import { numbersOf } from './numbers'

test('numbers are read as people type them, and what is none is refused', () => {
  expect(numbersOf('')).toEqual([])
  expect(numbersOf('100, 500  1k;2.5k')).toEqual([100, 500, 1000, 2500])
  expect(numbersOf('100, many')).toBeNull()
  expect(numbersOf('0')).toBeNull()
  expect(numbersOf(Array.from({ length: 101 }, () => '1').join(','))).toBeNull()
})
