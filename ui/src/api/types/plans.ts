// Plans that were frozen, beside what happened.
import type { OutcomeView, SpreadView } from './plan'

export type PlanList = { at: number; plans: PlanInShort[] }

export type PlanInShort = { name: string; frozen_at: number; by: string; scenario: string; from: number | null; to: number | null }

export type PlanView = {
  name: string
  frozen_at: number
  by: string
  note: string
  /** How it goes, in one sentence. */
  text: string
  drivers: TrackView[]
  resources: TrackView[]
  outcome: OutcomeView
  /** As it was sent. */
  scenario: string
}

export type TrackView = {
  name: string
  is_measured: boolean
  months: TrackMonth[]
  now: number | null
  /** How far that is from the plan's middle, as a part of it. */
  off: number | null
  /** `as_planned`, `above`, `below` or `unknown`. */
  state: string
  /** The same in words, with the months that lay outside: «within now; was outside in March». */
  text: string
  line: number | null
  order_by: number | null
  order_passed: boolean
}

export type TrackMonth = { end: number; planned: SpreadView; seen: number | null; within: boolean | null; off: number | null }

export type PlanWish = { name: string; text: string; by: string; note?: string }
