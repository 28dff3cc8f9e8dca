import { expect, test } from 'vitest'

import type { QuotaView } from '../../../api/types'
import { amountOf, isGranted, quarterText, quotaState } from './standing'

const QUOTA: QuotaView = {
  id: 'pods',
  title: 'Pods',
  owner: '',
  labels: {},
  granted_by: 'the platform team',
  unit: 'count',
  used: 90,
  limit: 100,
  share: 0.9,
  level: 'warning',
  lead_time_ms: 1,
  outlook: '',
  ask_by: 1_000,
  due: true,
  ask_for: 200,
  decision: null,
  before: null,
}
const DECISION = { at: 0, quarter: '2026-Q4', verdict: 'asked', reason: '', by: 'Anna', limit: 100, asked_for: 200 }

test('a quota is late once its last day to ask has passed, unless something was decided', () => {
  expect(quotaState(QUOTA, 999)).toBe('due')
  expect(quotaState(QUOTA, 1_000)).toBe('late')
  expect(quotaState({ ...QUOTA, decision: DECISION }, 1_000)).toBe('asked')
  expect(quotaState({ ...QUOTA, decision: { ...DECISION, verdict: 'kept' } }, 1_000)).toBe('kept')
  expect(quotaState({ ...QUOTA, due: false, ask_by: null }, 1_000)).toBe('room')
  expect(quotaState({ ...QUOTA, due: false, ask_by: null, limit: null }, 1_000)).toBe('unknown')
})

test('what was asked for is granted once the limit is as high', () => {
  expect(isGranted(DECISION, 100)).toBe(false)
  expect(isGranted(DECISION, 200)).toBe(true)
  expect(isGranted({ ...DECISION, asked_for: null }, 300)).toBe(false)
  expect(isGranted({ ...DECISION, verdict: 'kept' }, 300)).toBe(false)
})

test('amounts are read as people type them', () => {
  expect(amountOf(' 1,200 ')).toBe(1_200)
  expect(amountOf('2.5')).toBe(2.5)
  for (const wrong of ['', '0', '-3', 'many', '1e999']) expect(amountOf(wrong)).toBeNull()
})

test('quarters are said', () => {
  expect(quarterText('2026-Q4')).toBe('quarter 4 of 2026')
  expect(quarterText('soon')).toBe('soon')
})
