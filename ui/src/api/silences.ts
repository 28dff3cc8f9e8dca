// Silences, by Alertmanager's API: what is kept quiet, until when, and what a new one would match.
import { useMutation, useQuery, useQueryClient } from '@tanstack/preact-query'

import { get, send, type Failure } from './client'
import { BRIEF, type Asked } from './queries'
import type { Labels } from './types'

const API = '/api/v2'

export type Matcher = { name: string; value: string; isRegex: boolean; isEqual: boolean }

export type SilenceState = 'active' | 'pending' | 'expired'

export type Silence = {
  id: string
  status: { state: SilenceState }
  matchers: Matcher[]
  startsAt: string
  endsAt: string
  updatedAt: string
  createdBy: string
  comment: string
}

export type SilenceWanted = Pick<Silence, 'matchers' | 'startsAt' | 'endsAt' | 'createdBy' | 'comment'> & { id?: string }

/** What a silence would match. */
export type SilencePreview = {
  alerts: Labels[]
  firing: number
  matched: number
  seen: number
  refused: string | null
}

/** Under the topic of alerts: a silence that comes or goes is news of them. */
export function useSilences(): Asked<Silence[]> {
  return useQuery<Silence[], Failure>({ queryKey: ['alerts', 'silences'], queryFn: ({ signal }) => get(`${API}/silences`, signal) })
}

export function usePreview(wanted: SilenceWanted | null): Asked<SilencePreview> {
  return useQuery<SilencePreview, Failure>({
    // The moments move on while somebody types; what is matched does not depend on them.
    queryKey: ['alerts', 'preview', wanted?.matchers, wanted && Date.parse(wanted.endsAt) - Date.parse(wanted.startsAt)],
    queryFn: ({ signal }) => send('POST', `${API}/silences/preview`, wanted, signal),
    enabled: wanted !== null,
    ...BRIEF,
    placeholderData: (previous) => previous,
  })
}

export function useKeepSilence() {
  const client = useQueryClient()
  return useMutation<{ silenceID: string }, Failure, { wanted: SilenceWanted; confirmed: boolean }>({
    mutationFn: ({ wanted, confirmed }) => send('POST', `${API}/silences${confirmed ? '?confirm=true' : ''}`, wanted),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
}

export function useEndSilence() {
  const client = useQueryClient()
  return useMutation<null, Failure, string>({
    mutationFn: (id) => send('DELETE', `${API}/silence/${encodeURIComponent(id)}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
}
