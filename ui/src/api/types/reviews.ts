// What capacity checks found, and the quotas of a quarter's review.
import type { Labels, ReadingLevel, Severity, Unit } from './index'

export type FindingList = { at: number; findings: FindingView[] }

export type FindingView = {
  /** `size`, `redundancy`, `distribution` or `quota`. */
  kind: string
  /** Of sizes and quotas the item's `id`, else `service/what`. */
  subject: string
  title: string
  severity: Severity
  evidence: string[]
  advice: string
  saving_month: number | null
  /** What that money is called, if the price list says. */
  currency: string | null
  verify: string
}

export type QuotaList = {
  at: number
  /** `2026-Q4`. */
  quarter: string
  /** How many are to be asked for before the next review, and how many of those are decided. */
  due: number
  decided: number
  quotas: QuotaView[]
}

export type QuotaView = {
  id: string
  title: string
  owner: string
  labels: Labels
  granted_by: string
  unit: Unit
  used: number | null
  limit: number | null
  share: number | null
  level: ReadingLevel
  lead_time_ms: number
  outlook: string
  ask_by: number | null
  due: boolean
  ask_for: number | null
  decision: QuotaDecisionView | null
  /** Of an earlier quarter. */
  before: QuotaDecisionView | null
}

export type QuotaDecisionView = {
  at: number
  quarter: string
  /** `asked` for more, or `kept`. */
  verdict: string
  reason: string
  by: string
  /** What the limit was then. */
  limit: number
  asked_for: number | null
}

/** Everything that was decided of quotas, the newest first. `more`: older ones are not listed. */
export type QuotaHistory = { at: number; decisions: QuotaPastView[]; more: boolean }

export type QuotaPastView = {
  quota: string
  title: string
  at: number
  quarter: string
  verdict: string
  reason: string
  by: string
  used: number
  limit: number
  asked_for: number | null
  /** The limit at the next decision, or as it is now. */
  limit_after: number | null
  granted: boolean | null
}

/** What is decided of a quota. */
export type QuotaDecision = { verdict: string; by: string; reason?: string; asked_for?: number | null }
