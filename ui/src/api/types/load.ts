// Load tests: those that are over, those that go on, and the stop for all of them.

export type RunWord = 'passed' | 'failed' | 'invalid' | 'unanswered' | 'broken_off'

export type RunFigures = {
  good: number
  failed: number
  failed_share: number | null
  good_per_second: number | null
  body_bytes: number
  response_p50_ms: number | null
  response_p95_ms: number | null
  response_p99_ms: number | null
  response_max_ms: number | null
}

export type RunRule = { rule: string; value: number | null; bound: number | null; kept: boolean }

export type RunTold = {
  id: string
  plan: string
  service: string | null
  release: string | null
  by: string
  started: number
  took_seconds: number
  told_at: number
  word: string
  exit_code: number
  ending: string
  model: string
  profile: string | null
  compressed: number | null
  targets: string[]
  unfit: string | null
  figures: RunFigures
  doubts: string[]
  rules: RunRule[]
  kept_by: string
  /** The gate that it is a run of. */
  gate?: GateRun | null
}

/** Which run of a gate one is. */
export type GateRun = { id: string; side: string; round: number }

export type RunView = {
  run: RunTold
  baseline: boolean
  report_kept: boolean
  page_kept: boolean
  /** What its gate came to: `passed`, `failed` or `refused`; until then `goes_on`, or `broken_off`. */
  gate_verdict?: string | null
}

/** Several runs of two releases in turns, and what that came to; until then `goes_on`, or `broken_off`. */
export type GateView = { verdict: string; gate: GateTold; runs: RunView[] }

export type GateTold = {
  id: string
  plan: string
  service: string | null
  release_before: string | null
  release: string | null
  by: string
  told_at: number
  /** Why nothing can be said. */
  refused: string[]
  changes: { step: string | null; figure: string; difference: number | null; change: string }[]
  /** What each request takes of machines; empty if nobody asked. */
  impact: { resource: string; difference: number | null; changed: boolean; budget: string | null; kept: boolean | null }[]
}

export type RunList = { at: number; runs: RunView[]; next: number | null }

export type LiveRow = {
  second: number
  sent: number
  good: number
  failed: number
  in_flight: number
  response_p50_ms: number | null
  response_p95_ms: number | null
  response_p99_ms: number | null
}

export type LiveView = {
  id: string
  plan: string
  service: string | null
  release: string | null
  by: string
  targets: string[]
  started: number
  seconds: number
  /** The gate that it is a run of. */
  gate?: GateRun | null
  state: string
  why: string | null
  heard: number
  last: LiveRow | null
  rows: LiveRow[]
}

export type StopView = { held: boolean; at: number | null; by: string; why: string; stopped: number }

export type LiveList = { at: number; stopping: StopView; runs: LiveView[] }

/** A load test that is to come, or was. */
export type Scheduled = {
  id: string
  plan: string
  service: string | null
  release: string | null
  targets: string[]
  rate_max: number
  at: number
  until: number
  by: string
  /** `planned`, `approved`, `running`, `done`, `missed`, `lost` or `cancelled`. */
  state: string
  since: number
  why: string | null
  approved_by: string | null
  run: string | null
}

/** `targets`: who may be put under load by schedule. */
export type ScheduleList = { at: number; targets: string[]; schedules: Scheduled[] }

export type OverlayRun = {
  id: string
  plan: string
  release: string | null
  started: number
  row_seconds: number
  /** The last place is cut off where the run ended. */
  last_seconds: number
  sent: (number | null)[]
  good: (number | null)[]
  failed: (number | null)[]
  in_flight: (number | null)[]
  response_p50_ms: (number | null)[]
  response_p95_ms: (number | null)[]
  response_p99_ms: (number | null)[]
}

export type Overlay = { runs: OverlayRun[] }

export type ComparedFigure = {
  step: string | null
  figure: string
  before: number | null
  after: number | null
  difference: number | null
  between: (number | null)[]
  detectable: number | null
  likelihood: number | null
  change: string
}

export type RunComparison = {
  word: string
  exit_code: number
  before: string[]
  after: string[]
  refused: string[]
  relevant: number
  noise: number
  figures: ComparedFigure[]
}

export type RunDetail = {
  run: RunTold
  baseline: boolean
  baseline_of_plan: string | null
  report_kept: boolean
  page_kept: boolean
  report: LoadReport | null
  /** Why the report cannot be read although it is here. */
  damage: string | null
}

/** As docs/reference/load-json.md has it; what pages do not show is left out. */
export type LoadReport = {
  verdict: { doubts: { kind: string; text: string; help: string }[] }
  journeys: { due: number; begun: number; unsent: number } | null
  requests: RequestFigures
  steps: (RequestFigures & { scenario: string; step: string })[]
  generator: { workers: number; cpu_share: number | null }
  recovery: { before_p95_ms: number | null; seconds: number | null } | null
  trends: { name: string; word: string; each_minute: number | null }[]
  /** What each request took of machines, where that was asked. */
  taken?: Taken
  timeline: { seconds: number; last_seconds?: number; rows: Omit<LiveRow, 'second'>[] }
}

/** `impact`: beside the baseline, where its report has it. */
export type Taken = {
  refused: string | null
  resources: { name: string; each: number | null; between: [number | null, number | null] | null }[]
  impact: { resources: { name: string; difference: number | null; changed: boolean }[] } | null
}

export type RequestFigures = {
  good: number
  failed: number
  failed_share: number | null
  good_per_second: number | null
  statuses: Record<string, number>
  troubles: Record<string, number>
  response: Times
  service: Times
  send_lag: Times
}

/** Milliseconds; nothing but the count where that is nought. */
export type Times = {
  count: number
  mean_ms?: number
  p50_ms?: number
  p90_ms?: number
  p95_ms?: number
  p99_ms?: number
  max_ms?: number
}
