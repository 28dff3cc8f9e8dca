// Planning: what services carry and until when, and what scenarios come to.
import { useQueries, useQuery } from '@tanstack/preact-query'

import { API, ask, get, type Failure } from './client'
import type { Asked } from './queries'
import type { OutcomeView, ServiceList, ServiceView } from './types'

/** A line moves by the day, and is made anew after some minutes. */
const SLOWLY = { staleTime: 60_000, refetchInterval: 300_000 }

export function useServices(): Asked<ServiceList> {
  return useQuery<ServiceList, Failure>({ queryKey: ['services'], queryFn: ({ signal }) => get(`${API}/services`, signal), ...SLOWLY })
}

export function useService(name: string): Asked<ServiceView> {
  return useQuery<ServiceView, Failure>({
    queryKey: ['services', name],
    queryFn: ({ signal }) => get(`${API}/services/${encodeURIComponent(name)}`, signal),
    ...SLOWLY,
  })
}

/** What each text of a scenario comes to. The same text comes to the same, so an answer is kept. */
export function useOutcomes(texts: readonly string[]): Asked<OutcomeView>[] {
  return useQueries({
    queries: texts.map((text) => ({
      queryKey: ['outcome', text],
      queryFn: ({ signal }: { signal: AbortSignal }) => runScenario(text, signal),
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: false,
    })),
  }) as Asked<OutcomeView>[]
}

async function runScenario(text: string, signal: AbortSignal): Promise<OutcomeView> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/yaml' }, body: text, signal }
  return (await ask(`${API}/scenarios/run`, sent)) as OutcomeView
}
