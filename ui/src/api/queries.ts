// What pages ask for, under keys whose first part is the topic that live updates name.
import { QueryClient, useQuery, type UseQueryResult } from '@tanstack/preact-query'

import { DAY } from '../text/time'
import { API, get, type Failure } from './client'
import type { AlertDetail, AlertList, ChangeList, HeartbeatView, Overview, ReceiverList, ReplayView, ResourceDetail, ResourceHistory, ResourceList, ResourceMaking, ResourceView, RuleGroupList, Status, TargetList } from './types'

export type Asked<T> = UseQueryResult<T, Failure>

export function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Live updates and the watch in live.ts decide when to ask again; an error is shown, not hidden.
      queries: { retry: false, staleTime: 2_000, refetchOnWindowFocus: true },
    },
  })
}

/** What moves on without an event that says so: evaluations, values, messages on their way. */
export const CREEPING = { refetchInterval: 15_000 }

function useAnswer<T>(key: readonly unknown[], path: string, options: { refetchInterval?: number } = {}): Asked<T> {
  return useQuery<T, Failure>({ queryKey: key, queryFn: ({ signal }) => get<T>(`${API}/${path}`, signal), ...options })
}

export const useOverview = () => useAnswer<Overview>(['overview'], 'overview')
export const useResources = () => useAnswer<ResourceList>(['resources'], 'resources')
export const useAlerts = () => useAnswer<AlertList>(['alerts'], 'alerts', CREEPING)
export const useAlert = (id: string) => useAnswer<AlertDetail>(['alerts', id], `alerts/${encodeURIComponent(id)}`, CREEPING)
export const useReceivers = () => useAnswer<ReceiverList>(['alerts', 'receivers'], 'receivers', CREEPING)
export const useHeartbeats = () => useAnswer<HeartbeatView[]>(['alerts', 'heartbeats'], 'heartbeats', CREEPING)
export const useRules = () => useAnswer<RuleGroupList>(['alerts', 'rules'], 'rules?limit=5000', CREEPING)
export const useTargets = () => useAnswer<TargetList>(['targets'], 'targets')
export const useStatus = () => useAnswer<Status>(['overview', 'status'], 'status')

export function useResource(id: string): Asked<ResourceDetail> {
  return useQuery<ResourceDetail, Failure>({
    queryKey: ['resources', id],
    queryFn: async ({ signal }) => flat(await get(`${API}/resources/${encodeURIComponent(id)}`, signal)),
  })
}

/** The program may give the reading under a name of its own; pages want it beside the rest. */
function flat(answer: ResourceDetail | ({ resource: ResourceView } & ResourceMaking)): ResourceDetail {
  if (!('resource' in answer)) return answer
  const { resource, ...making } = answer
  return { ...resource, ...making }
}

export type HistoryWanted = { from: number; to: number; points: number }

/** A moving window asks anew every few seconds: what it showed before need not be kept for long. */
export const BRIEF = { gcTime: 30_000 }

export function useHistory(id: string, wanted: HistoryWanted, key: string): Asked<ResourceHistory> {
  const fields = new URLSearchParams(Object.entries(wanted).map(([name, value]) => [name, String(Math.round(value))]))
  return useQuery<ResourceHistory, Failure>({
    queryKey: ['history', id, key],
    queryFn: ({ signal }) => get(`${API}/resources/${encodeURIComponent(id)}/history?${fields}`, signal),
    ...BRIEF,
    // Another window of the same resource stands in until the wanted one is there; another resource does not.
    placeholderData: (previous, query) => (query?.queryKey[1] === id ? previous : undefined),
  })
}

export type ChangesWanted = { since: number; until?: number | null; kinds?: readonly string[] }

/** As many as one answer holds. */
export const CHANGES_MAX = 500

/** What changed in a time, newest first. `key` names the question where its moments move on. */
export function useChanges({ since, until = null, kinds = [] }: ChangesWanted, key: string): Asked<ChangeList> {
  const fields = new URLSearchParams({ since: String(Math.round(since)), limit: String(CHANGES_MAX) })
  if (until !== null) fields.set('until', String(Math.round(until)))
  if (kinds.length > 0) fields.set('kind', kinds.join(','))
  return useQuery<ChangeList, Failure>({
    queryKey: ['overview', 'changes', key],
    queryFn: ({ signal }) => get(`${API}/changes?${fields}`, signal),
    gcTime: BRIEF.gcTime,
    placeholderData: (previous) => previous,
  })
}

/** Takes as long as it takes, so it is asked for when somebody wants it, and kept. */
export function useReplay(id: string, days: number | null): Asked<ReplayView> {
  return useQuery<ReplayView, Failure>({
    queryKey: ['replay', id, days],
    queryFn: ({ signal }) => {
      const to = Date.now()
      const from = to - (days ?? 0) * DAY
      return get(`${API}/rules/${encodeURIComponent(id)}/replay?from=${from}&to=${to}`, signal)
    },
    enabled: days !== null,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
}
