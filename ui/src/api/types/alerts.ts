// Alerts, who is told of them, what keeps them quiet, and what changed before them.
import type { Labels, Unit } from './index'

export type Severity = 'info' | 'warning' | 'critical'

export type AlertState = 'pending' | 'firing' | 'resolved'

export type AlertView = {
  id: string
  name: string
  source: string
  severity: Severity
  state: AlertState
  told: boolean
  /** Why nobody is told of it now; nothing if people are. */
  quiet_because: string[]
  summary: string
  description: string
  labels: Labels
  annotations: Labels
  value: number | null
  active_at: number
  fired_at: number | null
  resolved_at: number | null
  expr: string | null
  resource_id: string | null
  evidence: EvidenceView
}

export type NormalView = { low: number; high: number; unit: Unit; days: number; text: string }

export type EvidenceView = { normal: NormalView | null; changes: ChangeView[] }

export type AlertList = { at: number; active: AlertView[]; recent: AlertView[] }

export type ChangeView = {
  at: number
  kind: string
  subject: string
  text: string
  service?: string
  environment?: string
  version?: string
  revision?: string
  actor?: string
  url?: string
  status?: string
  planned?: boolean
  started?: number
  finished?: number
  source?: string
  key?: string
}

export type ChangeList = { changes: ChangeView[] }

export type AlertDetail = {
  alert: AlertView
  history: AlertStep[]
  told: ToldView[]
  /** Whether what is older was left out. */
  cut: boolean
}

export type AlertStep = { at: number; became: string; severity: Severity; value: number | null }

export type ToldView = {
  at: number
  receiver: string
  /** `began`, `again` or `ended`. */
  what: string
  /** `waiting`, `sent` or `given_up`. */
  state: string
  settled_at: number | null
  attempts: number | null
  next_try: number | null
  error: string | null
}

export type ReceiverList = { at: number; since: number; receivers: ReceiverView[] }

export type ReceiverView = {
  name: string
  waiting: number
  oldest: number | null
  error: string | null
  sent: number
  given_up: number
  last_sent: number | null
  last_given_up: number | null
}

/** Who is expected to say regularly that it is well. */
export type HeartbeatView = { name: string; missing_at: number; heard: boolean; period_ms: number; grace_ms: number }

export type SilenceState = 'active' | 'pending' | 'expired'

export type SilenceList = { at: number; longest_ms: number; silences: SilenceView[]; windows: WindowView[] }

export type SilenceView = {
  id: string
  state: SilenceState
  /** Each as `name="value"`. */
  matchers: string[]
  starts_at: number
  ends_at: number
  created_by: string
  reason: string
  confirmed: string | null
  matches: number
}

export type WindowView = { name: string; active: boolean; when: string; matchers: string[]; reason: string }

export type SilenceWish = {
  /** The silence to change. */
  id: string | null
  matchers: string[]
  /** From when on; now if nothing is said. */
  starts_at: number | null
  duration_ms: number
  created_by: string
  reason: string
  confirm: boolean
}

export type SilencePreview = {
  matchers: string[]
  firing: number
  alerts: AlertView[]
  matched: number
  seen: number
  doubts: string[]
  wrong: string | null
}
