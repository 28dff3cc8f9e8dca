// How a quota stands in this quarter's review, and what is said of it.
import type { QuotaDecisionView, QuotaView } from '../../../api/types'
import type { Mood } from '../../../parts/level'

export type QuotaState = 'late' | 'due' | 'asked' | 'kept' | 'room' | 'unknown'

export const QUOTA_STATES: Record<QuotaState, { mood: Mood; text: string }> = {
  late: { mood: 'critical', text: 'ask now' },
  due: { mood: 'warning', text: 'to ask for' },
  asked: { mood: 'info', text: 'asked for' },
  kept: { mood: 'fine', text: 'kept' },
  room: { mood: 'fine', text: 'not due' },
  unknown: { mood: 'unknown', text: 'not known' },
}

export function quotaState({ used, limit, ask_by, due, decision }: QuotaView, now: number): QuotaState {
  if (decision) return decision.verdict === 'asked' ? 'asked' : 'kept'
  if (due) return ask_by !== null && ask_by <= now ? 'late' : 'due'
  return used === null || limit === null ? 'unknown' : 'room'
}

/** `2026-Q4` as people say it. */
export function quarterText(quarter: string): string {
  const found = /^(\d{4})-Q([1-4])$/.exec(quarter)
  return found ? `quarter ${found[2]} of ${found[1]}` : quarter
}

/** Reads an amount as people type it, with or without marks between its thousands. */
export function amountOf(text: string): number | null {
  const plain = text.replace(/[\s,_'\u202f\u00a0]/g, '')
  const amount = Number(plain)
  return plain !== '' && Number.isFinite(amount) && amount > 0 ? amount : null
}

/** Whether what was asked for is there by now. */
export function isGranted({ verdict, asked_for, limit: then }: QuotaDecisionView, limit: number | null): boolean {
  return verdict === 'asked' && limit !== null && limit >= (asked_for ?? Number.POSITIVE_INFINITY) && limit > then
}
