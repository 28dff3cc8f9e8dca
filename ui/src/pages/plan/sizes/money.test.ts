import { expect, test } from 'vitest'

import { moneyOr, monthName, savingOf, savingText } from './money'

test('money is said with its currency, and a saving with its direction', () => {
  expect(moneyOr(1234.5, 'EUR')).toBe('1,235\u00a0EUR')
  expect(moneyOr(-3.25, '')).toBe('−3.25')
  expect(moneyOr(null, 'EUR')).toBe('–')
  expect(savingText(140, 'EUR')).toBe('saves 140\u00a0EUR a month')
  expect(savingText(-70, 'EUR')).toBe('costs 70\u00a0EUR a month more')
  expect(savingText(0, 'EUR')).toBe('costs the same')
  expect(savingText(275, 'EUR', 'seen')).toBe('275\u00a0EUR a month seen')
})

test('a saving is said of what all costs now', () => {
  expect(savingOf(140, 978, 'EUR')).toBe('saves 140 of 978\u00a0EUR a month')
  expect(savingOf(-70, 978, 'EUR')).toBe('costs 70\u00a0EUR a month more than 978\u00a0EUR now')
  expect(savingOf(0, 978, 'EUR')).toBe('costs the same')
  expect(savingOf(140, null, 'EUR')).toBe('saves 140\u00a0EUR a month')
})

test('months have names', () => {
  expect(monthName('2026-11')).toBe('November 2026')
  expect(monthName('soon')).toBe('soon')
})
