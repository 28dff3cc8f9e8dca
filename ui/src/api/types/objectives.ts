// Objectives: where each stands, its past, and what cost its budget.
import type { AlertView } from './alerts'
import type { Labels, ReadingLevel, TroubleView } from './index'

export type ObjectiveState = 'fine' | 'low' | 'spent' | 'burning' | 'silent' | 'idle' | 'waiting'

export type ObjectiveList = { at: number; objectives: ObjectiveView[]; troubles: TroubleView[] }

export type ObjectiveView = {
  name: string
  title: string
  service: string
  owner: string
  reason: string
  target: number
  target_text: string
  period: string
  period_from: number | null
  period_ms: number | null
  covered_ms: number | null
  state: ObjectiveState
  level: ReadingLevel
  text: string
  policy: string | null
  counted_at: number | null
  events: number | null
  events_bad: number | null
  good_share: number | null
  /** 1 for all of it, below nought when more than all is spent. */
  budget_left: number | null
  budget_left_text: string
  gone_at: number | null
  gone_text: string
  burns: BurnView[]
  alerts: string
  spark: (number | null)[]
  spark_from: number
  spark_step: number
}

export type BurnView = {
  severity: string
  long_ms: number
  short_ms: number
  windows_text: string
  factor: number
  rate_long: number | null
  rate_short: number | null
  events: number
  events_bad: number
  sure: boolean
  too_fast: boolean
}

export type ObjectiveDetail = {
  objective: ObjectiveView
  kind: string
  exprs: Labels
  test: string | null
  line: number | null
  line_text: string | null
  alerts: AlertView[]
}

export type ObjectiveHistory = {
  from: number
  to: number
  step: number
  times: number[]
  events: (number | null)[]
  events_bad: (number | null)[]
  budget_left: (number | null)[]
}

export type ObjectiveCosts = { from: number; to: number; labels: CostLabelView[] }

export type CostLabelView = { label: string; values: CostView[] }

export type CostView = { value: string; bad: number; events: number; share_of_bad: number; share_of_events: number }
