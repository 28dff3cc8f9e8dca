// What is usual at each hour, drawn behind a line.
import { useQuery } from '@tanstack/preact-query'
import { useMemo } from 'preact/hooks'

import { API, get, type Failure } from '../api/client'
import type { BandList, Labels } from '../api/types'
import { DAY, MINUTE } from '../text/time'
import type { Columns, Picture } from './plot'

/** The program tells bands over so long at most. */
const SPAN_MAX = 31 * DAY
const POINTS = 240
/** What is usual changes by the hour: a moving window need not ask anew at every step. */
const ROUND_PART = 40
const ROUND_MIN = 5 * MINUTE

export type Subject = { query: string } | { resource: string }

export type Usual = { times: readonly number[]; step: number; low: readonly (number | null)[]; high: readonly (number | null)[] }

/** The band of one series; nothing while it is not known or nobody asks. */
export function useBand(subject: Subject | null, labels: Labels | null, { from, to }: { from: number; to: number }): Usual | null {
  const round = Math.max(ROUND_MIN, (to - from) / ROUND_PART)
  const start = Math.floor(from / round) * round
  const end = Math.ceil(to / round) * round
  const fields = new URLSearchParams({ ...subject, from: String(Math.round(start)), to: String(Math.round(end)), points: String(POINTS) })
  const asked = useQuery<BandList, Failure>({
    queryKey: ['band', fields.toString()],
    queryFn: ({ signal }) => get(`${API}/baselines?${fields}`, signal),
    enabled: subject !== null && end - start <= SPAN_MAX,
    staleTime: round,
    gcTime: ROUND_MIN,
    refetchOnWindowFocus: false,
  })
  const list = subject === null ? undefined : asked.data
  return useMemo(() => usualOf(list, labels), [list, labels])
}

/** The band of the series with these labels; of the only one where none are given. */
export function usualOf(list: BandList | undefined, labels: Labels | null): Usual | null {
  if (!list) return null
  const own = labels === null ? list.series[0] : list.series.find((one) => alike(one.labels, labels))
  if (!own || own.high.every((value) => value === null)) return null
  return { times: list.times, step: list.step, low: own.low, high: own.high }
}

function alike(one: Labels, other: Labels): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)].filter((name) => name !== '__name__'))
  return [...names].every((name) => one[name] === other[name])
}

/** The band at the moments of a chart: what held last, as long as it can be said to hold. */
export function alongside(times: readonly number[], usual: Usual): { low: (number | null)[]; high: (number | null)[] } {
  let at = 0
  const low: (number | null)[] = []
  const high: (number | null)[] = []
  for (const time of times) {
    while (at + 1 < usual.times.length && (usual.times[at + 1] ?? 0) <= time) at += 1
    const since = time - (usual.times[at] ?? Number.POSITIVE_INFINITY)
    const holds = since >= 0 && since <= usual.step * 2
    low.push(holds ? (usual.low[at] ?? null) : null)
    high.push(holds ? (usual.high[at] ?? null) : null)
  }
  return { low, high }
}

/** The same picture with the band behind its lines. */
export function withBand(columns: Columns, picture: Picture, usual: Usual | null): [Columns, Picture] {
  if (!usual || columns.times.length === 0) return [columns, picture]
  const { low, high } = alongside(columns.times, usual)
  const first = columns.values.length
  return [
    { times: columns.times, values: [...columns.values, high, low] },
    {
      ...picture,
      lines: [
        ...picture.lines,
        { label: 'highest usual', token: 'fill', quiet: true },
        { label: 'lowest usual', token: 'fill', quiet: true },
      ],
      bands: [{ upper: first, lower: first + 1, token: 'fill' }, ...(picture.bands ?? [])],
      usual: { high: first, low: first + 1 },
    },
  ]
}
