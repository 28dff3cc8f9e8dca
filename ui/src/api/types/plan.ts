// Planning: what services carry and until when, and what a scenario comes to.
import type { BenefitView } from './sizes'
import type { Unit } from './index'

/** A value with its interval of 90 %; no upper end where there is none. */
export type RangeView = { low: number; mid: number; high: number | null }

export type ServiceList = { at: number; services: ServiceView[] }

export type ServiceView = {
  name: string
  title: string
  owner: string
  /** All of it in one sentence. */
  text: string
  load_expr: string
  load_unit: Unit
  /** Exceeded a twentieth of the newest seven days. */
  load_now: number | null
  load_seen: number
  line: RangeView | null
  share: number | null
  /** The name of the limit that binds first. */
  binds: string | null
  dates: ServiceDatesView | null
  next: NextStepView | null
  /** One instance, one zone, one copy of a limit less, of what is known. */
  without: WithoutView[]
  /** What the newest load test bore. */
  tested: TestedView | null
  limits: ServiceLimitView[]
}

export type ServiceDatesView = {
  by_itself: ReachedView
  launches: LaunchView[]
  chance: number | null
  horizon: number | null
}

/** Nothing but words where no date lies within what can be seen. */
export type ReachedView = { text: string; earliest: number | null; likely: number | null; latest: number | null }

export type LaunchView = { name: string; at: number; raises: number; reached: ReachedView }

/** `currency` is that of the price list, where money is told. */
export type NextStepView = { limit: string; title: string; cost_month: number; currency?: string | null; gain: number; line: number }

/** `instance`, `zone`, or a `copy` of a limit. */
export type WithoutView = { lost: string; of: string | null; count: number; line: number; carries: boolean }

export type TestedView = {
  at: number
  name: string
  holds: number | null
  breaks: number | null
  limit: string | null
  /** Whether the line comes from it and not from a limit. */
  binds: boolean
  /** Whether what load costs has changed since. */
  stale: boolean
  steps: TestedStepView[]
}

export type TestedStepView = { load: number; good: number; p50: number | null; p95: number | null; held: boolean }

export type ServiceLimitView = {
  name: string
  title: string
  /** The declared resource that has the same use. */
  resource: string | null
  used_expr: string
  limit_expr: string
  limit: number | null
  target: number
  unit: Unit
  why_not: string | null
  line: RangeView | null
  first: number
  guess: boolean
  form: string | null
  explained: number | null
  cost_change: CostChangeView | null
  curve: [load: number, used: number][]
  points: [load: number, used: number][]
  /** Points of load tests that count beside them. */
  points_tested: [load: number, used: number][]
  /** How many times as much use a load test showed, where its points therefore do not count. */
  tested_apart: number | null
  /** Which load test that was. */
  tested_by?: { at: number; run: string | null; release: string | null } | null
  /** What a load test says that a release takes, where production has not shown it yet. */
  announced?: AnnouncedView | null
}

/** `since`: when the release came out; nothing where it has not. */
export type AnnouncedView = { at: number; release: string | null; times: number; between: [number, number]; since: number | null }

/** A load test that was taken in as points of a load line. */
export type TestView = {
  id: string
  at: number
  /** `capacity`, or `impact` of a release. */
  sort: string
  name: string
  release: string | null
  by: string
  holds: number | null
  breaks: number | null
  limit: string | null
  resources: { limit: string; points: number; difference: number | null; between: [number, number] | null; changed: boolean }[]
}

export type TestList = { at: number; tests: TestView[] }

/** `tested`: a load test told of it, and production has been too short since to show it. */
export type CostChangeView = { since: number; times: number; cause: string | null; tested: boolean }

export type SpreadView = { p10: number; p50: number; p90: number }

export type OutcomeView = {
  name: string
  money: string
  /** When each month ends. */
  ends: number[]
  drivers: DriverOutcomeView[]
  resources: ResourceOutcomeView[]
  cost: SpreadView[]
  tornado: BarView[]
  /** What comes to far more than is known of it, in sentences; nothing in plans that were frozen before it was told. */
  warnings?: string[]
}

export type DriverOutcomeView = { name: string; months: SpreadView[] }

export type ResourceOutcomeView = {
  name: string
  title: string
  unit: Unit
  line: number
  months: DemandView[]
  reached_p50: number | null
  reached_p90: number | null
  order_by: number | null
  /** What buying in time is worth; nothing without a portion to buy, or where being short costs nothing. */
  benefit: BenefitView | null
  /** How it is known how it follows its driver. */
  basis?: BasisView
}

/** `source`: `measured`, `load line`, `general` or `alone`; nothing in plans that were frozen before it was kept. */
export type BasisView = { source: string; text: string; service: string | null; beyond: number | null }

export type DemandView = { demand: SpreadView; gap_p50: number; gap_p90: number; chance: number }

export type BarView = { name: string; low: number; high: number; share: number }

/** How earlier forecasts of a resource have fared. */
export type RecordView = { leads: LeadRecordView[]; dates: DatesRecordView | null }

export type LeadRecordView = { lead_ms: number; scored: number; error: number; error_naive: number | null; covered: number; worst: number }

export type DatesRecordView = { scored: number; covered: number; error: number | null }
