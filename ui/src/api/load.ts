// Load tests: those that are over, those that go on now, and the stop for all of them.
import { useMutation, useQuery, useQueryClient } from '@tanstack/preact-query'

import { API, get, send, type Failure } from './client'
import type { Asked } from './queries'
import type { GateView, LiveList, LiveView, Overlay, RunComparison, RunDetail, RunList, RunView, ScheduleList, Scheduled, StopView } from './types'

const LOAD = `${API}/load`
const one = (kind: 'runs' | 'live', id: string) => `${LOAD}/${kind}/${encodeURIComponent(id)}`

/** More than a person reads through; older ones are found by their plan. */
const RUNS_SHOWN = 200

export function useRuns(plan: string | null): Asked<RunList> {
  const fields = new URLSearchParams({ limit: String(RUNS_SHOWN), ...(plan ? { plan } : {}) })
  return useQuery<RunList, Failure>({ queryKey: ['load', 'runs', plan], queryFn: ({ signal }) => get(`${LOAD}/runs?${fields}`, signal) })
}

export function useRun(id: string): Asked<RunDetail> {
  return useQuery<RunDetail, Failure>({ queryKey: ['load', 'run', id], queryFn: ({ signal }) => get(one('runs', id), signal) })
}

/** A gate of a release with its runs. */
export function useGate(id: string): Asked<GateView> {
  return useQuery<GateView, Failure>({ queryKey: ['load', 'gate', id], queryFn: ({ signal }) => get(`${LOAD}/gates/${encodeURIComponent(id)}`, signal) })
}

/** A run against the baseline of its plan, or against the run before it that is named. */
export function useComparison(id: string, before: string | null): Asked<RunComparison> {
  return useQuery<RunComparison, Failure>({
    queryKey: ['load', 'comparison', id, before],
    queryFn: ({ signal }) => get(`${one('runs', id)}/comparison?with=${encodeURIComponent(before ?? '')}`, signal),
    enabled: before !== null && before !== id,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
}

export function useOverlay(ids: readonly string[]): Asked<Overlay> {
  return useQuery<Overlay, Failure>({
    queryKey: ['load', 'overlay', ids.join(',')],
    queryFn: ({ signal }) => get(`${LOAD}/overlay?runs=${encodeURIComponent(ids.join(','))}`, signal),
    enabled: ids.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
}

/** A run that goes on tells every second; a server that is lost tells nothing, so the pages ask as well. */
const MOVING = { refetchInterval: 2_000 }

export function useLiveRuns(): Asked<LiveList> {
  return useQuery<LiveList, Failure>({ queryKey: ['load', 'live'], queryFn: ({ signal }) => get(`${LOAD}/live`, signal), refetchInterval: 10_000 })
}

export function useLiveRun(id: string): Asked<LiveView> {
  return useQuery<LiveView, Failure>({ queryKey: ['load', 'live', id], queryFn: ({ signal }) => get(one('live', id), signal), ...MOVING })
}

type By = { by: string; why: string }

/** Something is done to runs, and everything about them is asked anew. */
function useDeed<T, Wish>(deed: (wish: Wish) => Promise<T>) {
  const client = useQueryClient()
  return useMutation<T, Failure, Wish>({ mutationFn: deed, onSuccess: () => client.invalidateQueries({ queryKey: ['load'] }) })
}

export const useStopRun = (id: string) => useDeed((by: By) => send<LiveView>('POST', `${one('live', id)}/stop`, by))
export const useStopAll = () => useDeed((by: By) => send<StopView>('POST', `${LOAD}/stop`, by))
export const useRelease = () => useDeed(() => send<StopView>('DELETE', `${LOAD}/stop`))
export const useBaseline = (id: string) =>
  useDeed((marked: boolean) => (marked ? send<RunView>('POST', `${one('runs', id)}/baseline`, { by: '', why: '' }) : send<RunView>('DELETE', `${one('runs', id)}/baseline`)))

/** Tells of each step by the topic `load`; what is missed or lost becomes so by itself. */
export function useSchedules(): Asked<ScheduleList> {
  return useQuery<ScheduleList, Failure>({ queryKey: ['load', 'schedules'], queryFn: ({ signal }) => get(`${LOAD}/schedules`, signal), refetchInterval: 30_000 })
}

const schedule = (id: string) => `${LOAD}/schedules/${encodeURIComponent(id)}`

export const useApprove = (id: string) => useDeed((by: By) => send<Scheduled>('POST', `${schedule(id)}/approve`, by))
export const useCancel = (id: string) => useDeed(() => send<Scheduled>('DELETE', schedule(id)))
