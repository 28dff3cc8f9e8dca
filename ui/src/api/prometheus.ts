// The Prometheus part of the API: queries, and what completion needs to know.
import { useQuery } from '@tanstack/preact-query'

import { ask, get, type Failure } from './client'
import { BRIEF, type Asked } from './queries'
import type { Labels } from './types'

const API = '/api/v1'

export type Metric = Labels
export type RangeSeries = { metric: Metric; values: [number, string][] }
export type InstantSeries = { metric: Metric; value: [number, string] }

export type QueryData =
  | { resultType: 'matrix'; result: RangeSeries[] }
  | { resultType: 'vector'; result: InstantSeries[] }
  | { resultType: 'scalar'; result: [number, string] }
  | { resultType: 'string'; result: [number, string] }

export type QueryAnswer = { data: QueryData; warnings: string[]; infos: string[] }

export type MetricMetadata = { type: string; help: string; unit: string }

type Envelope<T> = { status: 'success'; data: T; warnings?: string[]; infos?: string[] }

async function post(path: string, fields: Record<string, string>, signal?: AbortSignal): Promise<QueryAnswer> {
  const body = new URLSearchParams(fields)
  const answer = (await ask(`${API}/${path}`, {
    method: 'POST',
    body,
    ...(signal ? { signal } : {}),
  })) as Envelope<QueryData>
  return { data: answer.data, warnings: answer.warnings ?? [], infos: answer.infos ?? [] }
}

/** One value per series at a moment (milliseconds). */
export function instant(query: string, at: number, signal?: AbortSignal): Promise<QueryAnswer> {
  return post('query', { query, time: String(at / 1000) }, signal)
}

/** Values from moment to moment (milliseconds), a step (milliseconds) apart. */
export function range(
  query: string,
  window: { from: number; to: number; step: number },
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const { from, to, step } = window
  const fields = { query, start: String(from / 1000), end: String(to / 1000), step: String(step / 1000) }
  return post('query_range', fields, signal)
}

async function list(path: string, signal?: AbortSignal): Promise<string[]> {
  return (await get<Envelope<string[]>>(`${API}/${path}`, signal)).data
}

export function metricNames(signal?: AbortSignal): Promise<string[]> {
  return list('label/__name__/values', signal)
}

export function labelNames(metric: string | null, signal?: AbortSignal): Promise<string[]> {
  return list(`labels${matching(metric)}`, signal)
}

export function labelValues(label: string, metric: string | null, signal?: AbortSignal): Promise<string[]> {
  return list(`label/${encodeURIComponent(label)}/values${matching(metric)}`, signal)
}

function matching(metric: string | null): string {
  return metric ? `?match[]=${encodeURIComponent(metric)}` : ''
}

export async function metadata(signal?: AbortSignal): Promise<Record<string, MetricMetadata[]>> {
  return (await get<Envelope<Record<string, MetricMetadata[]>>>(`${API}/metadata`, signal)).data
}

export function useRange(query: string, { from, to, step }: { from: number; to: number; step: number }): Asked<QueryAnswer> {
  return useQuery<QueryAnswer, Failure>({
    queryKey: ['range', query, from, to, step],
    queryFn: ({ signal }) => range(query, { from, to, step }, signal),
    ...BRIEF,
    // The same query over another window stands in; another query does not.
    placeholderData: (previous, before) => (before?.queryKey[1] === query ? previous : undefined),
  })
}

export function useInstant(query: string, at: number): Asked<QueryAnswer> {
  return useQuery<QueryAnswer, Failure>({
    queryKey: ['instant', query, at],
    queryFn: ({ signal }) => instant(query, at, signal),
    ...BRIEF,
    placeholderData: (previous, before) => (before?.queryKey[1] === query ? previous : undefined),
  })
}
