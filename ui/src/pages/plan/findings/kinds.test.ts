import { expect, test } from 'vitest'

import type { FindingView } from '../../../api/types'
import { placeOf, savingOf } from './kinds'

const FINDING: FindingView = {
  kind: 'redundancy',
  subject: 'the shop/copy_of_pool',
  title: 'Shop: one pool & more',
  severity: 'warning',
  evidence: [],
  advice: '',
  saving_month: null,
  verify: '',
}

test('a finding leads to where it is decided, or to its service', () => {
  expect(placeOf(FINDING).to).toBe('/capacity/services/the%20shop')
  expect(placeOf({ ...FINDING, subject: 'shop' }).to).toBe('/capacity/services/shop')
  expect(placeOf({ ...FINDING, kind: 'quota' }).to).toBe('/capacity/quotas?find=Shop%3A%20one%20pool%20%26%20more')
  expect(placeOf({ ...FINDING, kind: 'size' }).to).toMatch(/^\/capacity\/sizes\?find=/)
})

test('savings are summed where prices are known', () => {
  expect(savingOf([FINDING])).toBeNull()
  expect(savingOf([FINDING, { ...FINDING, saving_month: 100 }, { ...FINDING, saving_month: -30 }])).toBe(70)
})
