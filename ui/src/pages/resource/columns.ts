// One resource's past, lines and future as the columns of one picture.
import type { ForecastView, ResourceDetail, ResourceHistory, Thresholds } from '../../api/types'
import type { Columns, Line, Picture } from '../../chart/plot'
import { PRESETS } from '../../address/window'
import { percent, say } from '../../text/numbers'
import { DAY, HOUR } from '../../text/time'

type Value = number | null

/** In the order of LINES. */
export function columnsOf(
  history: ResourceHistory,
  forecast: ForecastView | null,
  thresholds: Thresholds,
  until: number,
): Columns {
  const past = pastOf(history, forecast)
  const future = futureOf(forecast, history, until)
  const limitLast = history.limit.findLast((value) => value !== null) ?? null

  const times = [...past.map((index) => history.times[index] ?? 0), ...future.map(([at]) => at)]
  const pick = (column: readonly Value[]): Value[] => past.map((index) => column[index] ?? null)
  const nothing: Value[] = future.map(() => null)
  const limit = [...pick(history.limit), ...future.map(() => limitLast)]
  const line = (share: number): Value[] => limit.map((value) => (value === null ? null : value * share))

  // The future begins where the past ends, so that the line does not tear.
  const anchor = past.map((index, place) => (future.length > 0 && place === past.length - 1 ? (history.used[index] ?? null) : null))
  const ahead = (column: 1 | 2 | 3): Value[] => [...anchor, ...future.map((point) => point[column])]

  return {
    times,
    values: [
      [...pick(history.used), ...nothing],
      [...pick(history.used_max), ...nothing],
      [...pick(history.used_min), ...nothing],
      limit,
      line(thresholds.warning),
      line(thresholds.critical),
      ahead(2),
      ahead(3),
      ahead(1),
    ],
  }
}

const DASHES = [5, 4]

function linesOf(thresholds: Thresholds, likely: boolean): Line[] {
  return [
    { label: 'used', token: 'series-1', width: 2 },
    { label: 'highest', token: 'series-1', quiet: true },
    { label: 'lowest', token: 'series-1', quiet: true },
    { label: 'limit', token: 'ink', width: 1.5, mark: 'limit' },
    { label: `warning, ${percent(thresholds.warning)}`, token: 'warning', width: 1, dash: DASHES, mark: percent(thresholds.warning) },
    { label: `critical, ${percent(thresholds.critical)}`, token: 'critical', width: 1, dash: DASHES, mark: percent(thresholds.critical) },
    { label: 'expected', token: 'series-1', dash: [2, 3], quiet: !likely },
    { label: 'highest expected', token: 'series-1', quiet: true },
    { label: 'lowest expected', token: 'series-1', quiet: true },
  ]
}

type PictureWanted = { resource: ResourceDetail; columns: Columns; whole: boolean; now: number }

export function pictureOf({ resource, columns, whole, now }: PictureWanted): Picture {
  const { unit, thresholds } = resource
  const hasFuture = (columns.values[6] ?? []).some((value) => value !== null)
  const [low, high] = whole ? wholeEnds(columns) : usedEnds(columns)
  return {
    lines: linesOf(thresholds, hasFuture),
    bands: [
      { upper: 1, lower: 2, token: 'series-1' },
      { upper: 7, lower: 8, token: 'series-1' },
    ],
    say: (value, step) => say(unit, value, step),
    binary: unit === 'bytes' || unit === 'bytes_per_second',
    low,
    high,
    now: hasFuture ? now : null,
  }
}

/** Below this share of the limit, a scale up to the limit would press what is used flat. */
const WHOLE_FROM = 0.15

/** Whether the limit belongs into the picture when nobody has said. */
export function limitFits(resource: ResourceDetail): boolean {
  return resource.share !== null && resource.share >= WHOLE_FROM
}

/** Up to the limit; from nought, unless that leaves most of the picture empty. */
function wholeEnds({ values }: Columns): [number | null, number | null] {
  const high = highest([values[3], values[1], values[7]])
  const low = lowest([values[0], values[2]])
  const limit = highest([values[3]])
  if (low === null || limit === null) return [0, high]
  return [Math.max(0, low - EMPTY_PART * Math.max(0, limit - low)), high]
}

/** How much of the picture may be empty below, beside the room between use and limit. */
const EMPTY_PART = 1.5

function usedEnds({ values }: Columns): [number | null, number | null] {
  const high = highest([values[0], values[1], values[7]])
  const low = lowest([values[0], values[2], values[8]])
  if (high === null || low === null) return [null, null]
  // From nought where that does not press it flat.
  return [low >= 0 && low < high * 0.6 ? 0 : low - (high - low) * 0.08, high]
}

function highest(columns: readonly (readonly Value[] | undefined)[]): number | null {
  let top: number | null = null
  for (const column of columns) {
    for (const value of column ?? []) if (value !== null && (top === null || value > top)) top = value
  }
  return top
}

function lowest(columns: readonly (readonly Value[] | undefined)[]): number | null {
  const top = highest(columns.map((column) => column?.map((value) => (value === null ? null : -value))))
  return top === null ? null : -top
}

function pastOf(history: ResourceHistory, forecast: ForecastView | null): number[] {
  const end = (forecast?.kind === 'ready' ? forecast.from : null) ?? Number.POSITIVE_INFINITY
  const indexes = history.times.map((_, index) => index).filter((index) => (history.times[index] ?? 0) <= end)
  // Trailing moments without a sample would tear the line from its future.
  const last = indexes.findLastIndex((index) => history.used[index] !== null && history.used[index] !== undefined)
  return last < 0 || forecast?.kind !== 'ready' ? indexes : indexes.slice(0, last + 1)
}

function futureOf(forecast: ForecastView | null, history: ResourceHistory, until: number): ForecastView['points'] {
  if (forecast?.kind !== 'ready') return []
  const start = Math.max(history.from, history.times.at(-1) ?? history.from, forecast.from ?? 0)
  const after = forecast.points.filter(([at]) => at > Math.min(start, until))
  const beyond = after.findIndex(([at]) => at >= until)
  return beyond < 0 ? after : after.slice(0, beyond + 1)
}

/** The smallest span offered that holds what there is, within reason for what it is. */
export function spanFor(nature: 'stock' | 'flow', history: number | null): number {
  const most = nature === 'stock' ? 7 * DAY : 6 * HOUR
  const wanted = Math.min(history ?? HOUR, most)
  return PRESETS.find(({ span }) => span >= wanted)?.span ?? most
}
