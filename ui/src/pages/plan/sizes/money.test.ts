import { expect, test } from 'vitest'

import { moneyOr, monthName, savingText } from './money'

test('money is said with its currency, and a saving with its direction', () => {
  expect(moneyOr(1234.5, 'EUR')).toBe('1,235\u00a0EUR')
  expect(moneyOr(-3.25, '')).toBe('−3.25')
  expect(moneyOr(null, 'EUR')).toBe('–')
  expect(savingText(140, 'EUR')).toBe('saves 140\u00a0EUR a month')
  expect(savingText(-70, 'EUR')).toBe('costs 70\u00a0EUR a month more')
  expect(savingText(0, 'EUR')).toBe('costs the same')
  expect(savingText(275, 'EUR', 'seen')).toBe('275\u00a0EUR a month seen')
})

test('months have names', () => {
  expect(monthName('2026-11')).toBe('November 2026')
  expect(monthName('soon')).toBe('soon')
})
