// The shapes of /api/plimsoll/v1, named as the program names them. Times are milliseconds since 1970 UTC.

export type Level = 'fine' | 'notice' | 'warning' | 'critical'
export type ReadingLevel = Level | 'unknown'
export type Severity = 'info' | 'warning' | 'critical'
export type AlertState = 'pending' | 'firing' | 'resolved'
export type Health = 'up' | 'down' | 'unknown'
export type Unit = 'bytes' | 'bytes_per_second' | 'seconds' | 'cores' | 'share' | 'count' | 'per_second'
export type Labels = Record<string, string>

export type Verdict = { level: ReadingLevel; text: string; since: number | null }

export type Thresholds = { notice: number; warning: number; alert: number; critical: number }

export type OutlookKind = 'now' | 'expected' | 'not_before' | 'not_filling' | 'too_little_history'

export type OutlookView = {
  kind: OutlookKind
  text: string
  line: number
  earliest: number | null
  likely: number | null
  latest: number | null
  ready_at: number | null
  warning_text: string
  limit_text: string
}

export type ResourceView = {
  id: string
  name: string
  title: string
  labels: Labels
  unit: Unit
  nature: 'stock' | 'flow'
  owner: string
  used: number | null
  limit: number | null
  share: number | null
  headroom: number | null
  at: number
  level: ReadingLevel
  used_text: string
  limit_text: string
  headroom_text: string
  share_text: string
  thresholds: Thresholds
  spark: (number | null)[]
  spark_from: number
  spark_step: number
  outlook: OutlookView
}

export type ForecastOutlook = {
  line: 'warning' | 'critical' | 'limit'
  share: number
  text: string
  earliest: number | null
  likely: number | null
  latest: number | null
}

export type ForecastPoint = [at: number, low: number, mid: number, high: number]

export type ForecastView = {
  kind: 'ready' | 'too_little_history'
  from: number | null
  step: number | null
  confidence: number | null
  model: string | null
  error_past: number | null
  trials: number | null
  points: ForecastPoint[]
  have_ms: number | null
  need_ms: number | null
  ready_at: number | null
  outlooks: ForecastOutlook[]
}

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

/** Where a figure usually lies at this hour of the week. */
export type NormalView = { low: number; high: number; unit: Unit; days: number; text: string }

/** What speaks for an alert besides its value. */
export type EvidenceView = { normal: NormalView | null; changes: ChangeView[] }

/** What one resource is made of, beside its reading. */
export type ResourceMaking = {
  used_expr: string
  limit_expr: string
  advice: string
  hold_ms: number
  lead_time_ms: number
  alerts: AlertView[]
  forecast: ForecastView
}

export type ResourceDetail = ResourceView & ResourceMaking

/** Something that could not be read or evaluated, and why. */
export type TroubleView = { subject: string; error: string }

export type ResourceList = { at: number; resources: ResourceView[]; troubles: TroubleView[] }

export type ResourceHistory = {
  from: number
  to: number
  step: number
  times: number[]
  used: (number | null)[]
  used_min: (number | null)[]
  used_max: (number | null)[]
  limit: (number | null)[]
}

export type AlertList = { at: number; active: AlertView[]; recent: AlertView[] }

/** What is not known of a change is left out. */
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

export type TargetView = {
  job: string
  instance: string
  url: string
  labels: Labels
  health: Health
  last_scrape: number | null
  duration_ms: number | null
  samples: number | null
  error: string | null
  interval_ms: number
}

export type TargetList = { at: number; targets: TargetView[]; complaints: string[] }

export type Overview = {
  at: number
  started_at: number
  host: string
  verdict: Verdict
  alerts: { firing: number; pending: number; worst: AlertView[] }
  resources: { total: number; by_level: Record<ReadingLevel, number>; worst: ResourceView[] }
  changes: ChangeView[]
  watching: {
    targets_up: number
    targets_down: number
    series: number
    samples_per_second: number
    oldest_sample: number | null
  }
}

/** What the program says of itself; parts come and go with its rooms, so the page shows what is there. */
export type Status = { version: string; started_at: number; uptime_ms: number } & Record<string, unknown>

export type ErrorKind = 'invalid' | 'denied' | 'missing' | 'conflict' | 'busy' | 'upstream' | 'internal'

export type ErrorBody = { error: { kind: ErrorKind; message: string; help: string | null; request_id: string } }

export type Topic = 'overview' | 'resources' | 'alerts' | 'targets'

export type ChangedEvent = { topics: Topic[]; at: number }

/** What became of one alert, newest first, and who was told. */
export type AlertDetail = {
  alert: AlertView
  history: AlertStep[]
  told: ToldView[]
  /** Whether what is older was left out. */
  cut: boolean
}

export type AlertStep = { at: number; became: string; severity: Severity; value: number | null }

/** A message to a receiver that spoke of the alert. */
export type ToldView = {
  at: number
  receiver: string
  /** `began`, `again` or `ended`. */
  what: string
  /** `waiting`, `sent` or `given_up`. */
  state: string
  settled_at: number | null
  attempts: number | null
  error: string | null
}

export type ReceiverList = { at: number; since: number; receivers: ReceiverView[] }

/** How messages to one receiver go. */
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

/** What was done within the last hour. */
export type RuleCostView = {
  over_ms: number
  evaluations: number
  failures: number
  missed: number
  seconds_mean: number | null
  core_share: number
}

export type RuleGroupView = { name: string; file: string; interval_ms: number; cost: RuleCostView; rules: RuleView[] }

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

/** What an alerting rule would have done over some past. */
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

/** A time that comes again and again in which some alerts are quiet. */
export type WindowView = { name: string; active: boolean; matchers: string[]; reason: string }

export type SilenceWish = {
  matchers: string[]
  duration_ms: number
  created_by: string
  reason: string
  confirm: boolean
}

/** What a silence would match. */
export type SilencePreview = {
  matchers: string[]
  firing: number
  alerts: AlertView[]
  matched: number
  seen: number
  doubts: string[]
  wrong: string | null
}

/** The bands of series over a range of time. */
export type BandList = { zone: string; width: number; step: number; times: number[]; series: BandView[] }

/** Each point is what was known then, from what came before. */
export type BandView = {
  labels: Labels
  since: number | null
  basis: string | null
  low: (number | null)[]
  mid: (number | null)[]
  high: (number | null)[]
  shift: ShiftView | null
}

export type ShiftView = { at: number; by: number | null; times: number | null }
