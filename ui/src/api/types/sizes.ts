// Sizes: what is too large or too small, what that costs, and what was decided of it.
import type { SpreadView } from './plan'
import type { Labels, Unit } from './index'

export type SizeList = {
  at: number
  reviewed_at: number
  /** `2026-11`. */
  month: string
  priced: boolean
  prices_wrong: string | null
  currency: string
  sure: number
  left_out: number
  sum: SizeSum
  items: SizeView[]
}

export type SizeSum = {
  smaller: number
  larger: number
  fits: number
  unknown: number
  open: number
  accepted: number
  declined: number
  cost_month: number | null
  saving_month: number | null
  accepted_month: number | null
}

export type SizeView = {
  id: string
  title: string
  owner: string
  labels: Labels
  /** `smaller`, `larger`, `fits`, `none_fits` or `unknown`. */
  advice: string
  text: string
  why_not: string | null
  parts: SizePartView[]
  current: OfferView | null
  proposed: OfferView | null
  risk: number | null
  saving_month: number | null
  benefit: BenefitView | null
  /** From the smallest to the largest. */
  frontier: OfferView[]
  decision: SizeDecisionView | null
  before: SizeDecisionView | null
  booked: SizeBookingView | null
}

export type SizePartView = {
  resource_id: string
  title: string
  unit: Unit
  limit: number
  line: number
  mean: number | null
  p99: number | null
  needed: number | null
  factor: number | null
  steps: number | null
  /** Of what fills, how many days ahead its forecast was asked. */
  ahead_days: number | null
  /** Of a cache that throws out: the share of what was asked that it found, and what it threw out a second. */
  hits: number | null
  evictions: number | null
}

export type OfferView = {
  name: string | null
  text: string
  cost_month: number | null
  over: number
  weeks_over: number
  does: boolean
  /** What there is, and what is proposed instead. */
  role: 'current' | 'proposed' | null
}

/** What a change is worth within so many months, beside what going on as now costs. All of it is discounted. */
export type BenefitView = {
  months: number
  nothing: SpreadView
  instead: SpreadView
  npv: SpreadView
  npv_mean: number
  chance: number
  payback_months: number | null
}

/** A change to be weighed. Each figure is one number, the least and the most, or these with the likeliest between. */
export type BenefitWish = { now: WayOf; instead: WayOf; months?: number | null; over_hour_cost?: number | null }

type WayOf = { once?: number[]; month?: number[]; over_hours?: number[] }

export type SizeDecisionView = {
  id: string
  title: string
  at: number
  month: string
  /** `accepted` or `declined`. */
  verdict: string
  reason: string
  by: string
  saving_month: number | null
  currency: string
}

export type SizeBookingView = { id: string; title: string; at: number; month: string; decided_at: number; saving_month: number | null; currency: string }

export type SizeReviewList = { at: number; months: SizeMonthView[] }

export type SizeMonthView = {
  month: string
  decisions: SizeDecisionView[]
  booked: SizeBookingView[]
  /** By currency: they are never added up. */
  money: { currency: string; accepted_month: number | null; booked_month: number | null }[]
}

/** What is decided of an item. */
export type SizeDecision = { verdict: string; reason?: string; by: string; offer?: number | null }
