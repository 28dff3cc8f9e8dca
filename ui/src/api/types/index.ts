// The shapes of /api/plimsoll/v1, named as the program names them. Times are milliseconds since 1970 UTC.
import type { AlertView, ChangeView } from './alerts'
import type { RecordView } from './plan'

export type * from './alerts'
export type * from './bands'
export type * from './drivers'
export type * from './load'
export type * from './objectives'
export type * from './plan'
export type * from './plans'
export type * from './reviews'
export type * from './rules'
export type * from './sizes'

export type Level = 'fine' | 'notice' | 'warning' | 'critical'

export type ReadingLevel = Level | 'unknown'

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
  /** Eight of ten futures reach it between these. */
  earliest_80: number | null
  latest_80: number | null
  /** How likely it is reached before more of it can be had. */
  chance_lead: number | null
  /** How likely it is reached by then, from 0 to 1. */
  chances: [at: number, chance: number][]
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
  /** What was done to the past before it was learnt from. */
  notes: string[]
  outlooks: ForecastOutlook[]
  record: RecordView
}

/** Where a figure usually lies at this hour of the week. */

/** What speaks for an alert besides its value. */

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

/** What is not known of a change is left out. */

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

export type Topic = 'load' | 'overview' | 'resources' | 'alerts' | 'targets' | 'objectives'

export type ChangedEvent = { topics: Topic[]; at: number }

/** What became of one alert, newest first, and who was told. */

/** A message to a receiver that spoke of the alert. */

/** How messages to one receiver go. */

/** What was done within the last hour. */

/** What an alerting rule would have done over some past. */

/** A time that comes again and again in which some alerts are quiet. */

/** What a silence would match. */

/** The bands of series over a range of time. */

/** Each point is what was known then, from what came before. */

/** How fast a budget burns over a pair of windows. */
