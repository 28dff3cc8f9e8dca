import { expect, test } from 'vitest'

import type { FindingView } from '../../../api/types'
import { placeOf, savingsOf } from './kinds'

const FINDING: FindingView = {
  kind: 'redundancy',
  subject: 'the shop/copy_of_pool',
  title: 'Shop: one pool & more',
  severity: 'warning',
  evidence: [],
  advice: '',
  saving_month: null,
  currency: null,
  verify: '',
}

test('a finding leads to where it is decided, or to its service', () => {
  expect(placeOf(FINDING).to).toBe('/capacity/services/the%20shop')
  expect(placeOf({ ...FINDING, subject: 'shop' }).to).toBe('/capacity/services/shop')
  expect(placeOf({ ...FINDING, kind: 'quota' }).to).toBe('/capacity/quotas?find=Shop%3A%20one%20pool%20%26%20more')
  expect(placeOf({ ...FINDING, kind: 'size' }).to).toMatch(/^\/capacity\/sizes\?find=/)
})

test('savings are summed where prices are known, each currency by itself', () => {
  const of = (saving_month: number, currency: string | null) => ({ ...FINDING, saving_month, currency })
  expect(savingsOf([FINDING])).toEqual([])
  expect(savingsOf([FINDING, of(100, 'EUR'), of(-30, 'EUR'), of(5, 'USD'), of(1, null)])).toEqual([
    ['EUR', 70],
    ['USD', 5],
    ['', 1],
  ])
})
