import { expect, test } from 'vitest'

import { outlookText } from './outlook'

test('a line that is reached says what of it, other words stay', () => {
  expect(outlookText('90 % between 3 and 19 December')).toBe('90\u00a0% used between 3 and 19 December')
  expect(outlookText('90 % on 13 December')).toBe('90\u00a0% used on 13 December')
  expect(outlookText('not within 41 days')).toBe('not reached within 41\u00a0days')
  expect(outlookText('already reached')).toBe('already reached')
})
