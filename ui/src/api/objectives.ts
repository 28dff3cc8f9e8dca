// Objectives: where each stands, its past, and what cost its budget.
import { useQuery } from '@tanstack/preact-query'

import { API, get, type Failure } from './client'
import { BRIEF, type Asked } from './queries'
import type { ObjectiveCosts, ObjectiveDetail, ObjectiveHistory, ObjectiveList } from './types'

const path = (name: string) => `${API}/objectives/${encodeURIComponent(name)}`

export function useObjectives(): Asked<ObjectiveList> {
  return useQuery<ObjectiveList, Failure>({ queryKey: ['objectives'], queryFn: ({ signal }) => get(`${API}/objectives`, signal) })
}

export function useObjective(name: string): Asked<ObjectiveDetail> {
  return useQuery<ObjectiveDetail, Failure>({ queryKey: ['objectives', name], queryFn: ({ signal }) => get(path(name), signal) })
}

export function useObjectiveHistory(name: string, wanted: { from: number; to: number; points: number }): Asked<ObjectiveHistory> {
  const fields = new URLSearchParams(Object.entries(wanted).map(([key, value]) => [key, String(Math.round(value))]))
  return useQuery<ObjectiveHistory, Failure>({
    queryKey: ['objective-history', name, fields.toString()],
    queryFn: ({ signal }) => get(`${path(name)}/history?${fields}`, signal),
    ...BRIEF,
    placeholderData: (previous, query) => (query?.queryKey[1] === name ? previous : undefined),
  })
}

export function useObjectiveCosts(name: string, span: string): Asked<ObjectiveCosts> {
  return useQuery<ObjectiveCosts, Failure>({
    queryKey: ['objective-costs', name, span],
    queryFn: ({ signal }) => get(`${path(name)}/costs?span=${encodeURIComponent(span)}`, signal),
    staleTime: 30_000,
    placeholderData: (previous, query) => (query?.queryKey[1] === name ? previous : undefined),
  })
}
