// Rules: how each goes, what it costs, what it would have done.
import type { Labels } from './index'

export type RuleGroupList = {
  at: number
  read_at: number | null
  refused_at: number | null
  refused_because: string | null
  rules: number
  left_out: number
  cost: RuleCostView
  groups: RuleGroupView[]
}

export type RuleCostView = {
  over_ms: number
  evaluations: number
  failures: number
  missed: number
  seconds_mean: number | null
  core_share: number
}

export type RuleGroupView = {
  name: string
  file: string
  interval_ms: number
  evaluated_at: number | null
  cost: RuleCostView
  rules: RuleView[]
}

export type RuleKind = 'alert' | 'record'

export type RuleHealth = 'ok' | 'failing' | 'unknown'

export type RuleView = {
  id: string
  name: string
  kind: RuleKind
  expr: string
  source: string | null
  for_ms: number
  keep_firing_for_ms: number
  labels: Labels
  annotations: Labels
  health: RuleHealth
  error: string | null
  failures: number
  evaluated_at: number | null
  seconds: number
  cost: RuleCostView
  pending: number
  firing: number
}

export type ReplayView = {
  from: number
  to: number
  step_ms: number
  whole: boolean
  reached: number | null
  evaluations: number
  pages: number
  pages_at: number[]
  episodes: number
  episodes_shown: EpisodeView[]
  dropped: number
  firing_ms: number
  longest_ms: number
}

export type EpisodeView = { labels: Labels; from: number; to: number | null }
