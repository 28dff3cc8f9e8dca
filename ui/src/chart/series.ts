// Query answers as columns for the chart and rows for the table.
import { bounds, type Window } from '../address/window'
import type { InstantSeries, Metric, QueryData, RangeSeries } from '../api/prometheus'
import type { Columns, Line } from './plot'

/** More lines than these tell nobody anything; the table still has them all. */
export const LINES_MAX = 24
const TOKENS = 6
const DASHES: readonly (readonly number[] | undefined)[] = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]]

export function seriesName(metric: Metric): string {
  const { __name__: name = '', ...labels } = metric
  const pairs = Object.entries(labels)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  if (pairs.length === 0) return name || 'value'
  return `${name}{${pairs.join(', ')}}`
}

/** Names with what all series have in common left out. */
export function shortNames(metrics: readonly Metric[]): string[] {
  const first = metrics[0]
  if (!first || metrics.length === 1) return metrics.map(seriesName)
  const common = new Set(Object.keys(first).filter((label) => metrics.every((metric) => metric[label] === first[label])))
  return metrics.map((metric) => {
    const own = Object.entries(metric).filter(([label]) => !common.has(label))
    return seriesName(Object.fromEntries(own))
  })
}

export function linesOf(metrics: readonly Metric[]): Line[] {
  return shortNames(metrics).map((label, index) => {
    const dash = DASHES[Math.floor(index / TOKENS) % DASHES.length]
    const token = `series-${(index % TOKENS) + 1}`
    return dash ? { label, token, dash } : { label, token }
  })
}

/** One row of moments for all series; where one has no sample there is a gap. */
export function columnsOf(series: readonly RangeSeries[], step: number): Columns {
  const moments = new Set<number>()
  for (const { values } of series) for (const [at] of values) moments.add(Math.round(at * 1000))
  const sorted = [...moments].toSorted((one, other) => one - other)
  const times: number[] = []
  for (const at of sorted) {
    const before = times.at(-1)
    // A moment without any sample, so that the line is torn where nothing is known.
    if (before !== undefined && at - before > step * 1.5) times.push(before + step)
    times.push(at)
  }
  const place = new Map(times.map((at, index) => [at, index]))
  const values = series.map((one) => {
    const column: (number | null)[] = Array.from({ length: times.length }, () => null)
    for (const [at, text] of one.values) {
      const index = place.get(Math.round(at * 1000))
      const value = parseValue(text)
      if (index !== undefined) column[index] = Number.isFinite(value) ? value : null
    }
    return column
  })
  return { times, values }
}

/** As Prometheus writes values. */
export function parseValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

export type Row = { metric: Metric; at: number; value: string }

export function rowsOf(data: QueryData): Row[] {
  switch (data.resultType) {
    case 'vector':
      return data.result.map(({ metric, value }: InstantSeries) => ({ metric, at: value[0] * 1000, value: value[1] }))
    case 'matrix':
      return data.result.flatMap(({ metric, values }) => {
        const last = values.at(-1)
        return last ? [{ metric, at: last[0] * 1000, value: last[1] }] : []
      })
    default:
      return [{ metric: {}, at: data.result[0] * 1000, value: data.result[1] }]
  }
}

/** From when to when, and how far the points are apart, in milliseconds. */
export type Shown = { from: number; to: number; step: number }

/**
 * The window a moving one stands for at this moment, all in milliseconds. It ends with the second that is running, so
 * that a sample of a moment ago is in it: a server that has just started has no others.
 */
export function shownAt(window: Window, now: number, step: number): Shown {
  const { from, to } = bounds(window, Math.ceil(now / 1_000) * 1_000)
  // The last point lies at the end of the window, however wide the step is: the newest is what is asked for.
  return { from: to - Math.floor((to - from) / step) * step, to, step }
}

/** A step that gives about one point for every two or three pixels, round, and never below a second. */
export function autoStep(span: number, points: number): number {
  const wanted = Math.max(1_000, span / points)
  const round = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800]
  return (round.find((seconds) => seconds * 1000 >= wanted) ?? 604_800) * 1000
}
