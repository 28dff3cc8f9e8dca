// Silences: what is kept quiet, until when, and what a new one would match.
import { useMutation, useQuery, useQueryClient } from '@tanstack/preact-query'

import { API, get, send, type Failure } from './client'
import { BRIEF, CREEPING, type Asked } from './queries'
import type { SilenceList, SilencePreview, SilenceView, SilenceWish } from './types'

/** Under the topic of alerts: a silence that comes or goes is news of them. */
export function useSilences(): Asked<SilenceList> {
  return useQuery<SilenceList, Failure>({ queryKey: ['alerts', 'silences'], queryFn: ({ signal }) => get(`${API}/silences`, signal), ...CREEPING })
}

export function usePreview(wish: SilenceWish | null): Asked<SilencePreview> {
  return useQuery<SilencePreview, Failure>({
    queryKey: ['alerts', 'preview', wish],
    queryFn: ({ signal }) => send('POST', `${API}/silences/preview`, wish, signal),
    enabled: wish !== null,
    ...BRIEF,
    placeholderData: (previous) => previous,
  })
}

export function useKeepSilence() {
  const client = useQueryClient()
  return useMutation<SilenceView, Failure, SilenceWish>({
    mutationFn: (wish) => send('POST', `${API}/silences`, wish),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
}

export function useEndSilence() {
  const client = useQueryClient()
  return useMutation<unknown, Failure, string>({
    mutationFn: (id) => send('DELETE', `${API}/silences/${encodeURIComponent(id)}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
}
