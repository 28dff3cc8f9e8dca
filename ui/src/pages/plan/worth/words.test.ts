import { expect, test } from 'vitest'

import type { BenefitView } from '../../../api/types'
import { paybackText, worthMood } from './words'

const SPREAD = { p10: 1, p50: 2, p90: 3 }
const BENEFIT: BenefitView = { months: 12, nothing: SPREAD, instead: SPREAD, npv: SPREAD, npv_mean: 2, chance: 0.95, payback_months: 3.21 }

test('pay-back is said in months, or that it does not come', () => {
  expect(paybackText(BENEFIT)).toBe('after 3.2\u00a0months')
  expect(paybackText({ ...BENEFIT, payback_months: 1.02 })).toBe('after 1\u00a0month')
  expect(paybackText({ ...BENEFIT, payback_months: 0 })).toBe('at once')
  expect(paybackText({ ...BENEFIT, payback_months: null })).toBe('not within 12\u00a0months')
})

test('what rather does not pay is a warning', () => {
  expect([0.95, 0.6, 0.2].map((chance) => worthMood({ ...BENEFIT, chance }))).toEqual(['fine', 'notice', 'warning'])
})
