// Planning: what services carry and until when, and what scenarios come to.
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/preact-query'

import { API, ask, get, send, type Failure } from './client'
import type { Asked } from './queries'
import type { BenefitView, BenefitWish, DriverTable, FindingList, OutcomeView, PlanList, PlanView, PlanWish, QuotaDecision, QuotaHistory, QuotaList, QuotaView, ServiceList, TestList, ServiceView, SizeDecision, SizeList, SizeReviewList, SizeView } from './types'

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

/** The load tests that a service's line counts with. */
export function useServiceTests(name: string): Asked<TestList> {
  return useQuery<TestList, Failure>({
    queryKey: ['services', name, 'tests'],
    queryFn: ({ signal }) => get(`${API}/services/${encodeURIComponent(name)}/tests`, signal),
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

export function useSizes(enabled = true): Asked<SizeList> {
  return useQuery<SizeList, Failure>({ queryKey: ['sizes'], queryFn: ({ signal }) => get(`${API}/sizes`, signal), enabled, ...SLOWLY })
}

export function useSizeReviews(): Asked<SizeReviewList> {
  return useQuery<SizeReviewList, Failure>({ queryKey: ['sizes', 'reviews'], queryFn: ({ signal }) => get(`${API}/sizes/reviews`, signal), ...SLOWLY })
}

/** Accepts or declines; the last word counts. */
export function useDecide(id: string) {
  const client = useQueryClient()
  return useMutation<SizeView, Failure, SizeDecision>({
    mutationFn: (wish) => send('POST', `${API}/sizes/${encodeURIComponent(id)}/decision`, wish),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sizes'] }),
  })
}

/** What so many tenants need, by what was measured where anything was, or by the reference alone. */
export function useDriverTable(values: string, measured: boolean): Asked<DriverTable> {
  const fields = new URLSearchParams({ ...(values === '' ? {} : { values }), ...(measured ? {} : { past: '0' }) })
  return useQuery<DriverTable, Failure>({
    queryKey: ['drivers', fields.toString()],
    queryFn: ({ signal }) => get(`${API}/drivers/table?${fields}`, signal),
    ...SLOWLY,
    placeholderData: (previous) => previous,
  })
}

export function usePlans(): Asked<PlanList> {
  return useQuery<PlanList, Failure>({ queryKey: ['plans'], queryFn: ({ signal }) => get(`${API}/plans`, signal), ...SLOWLY })
}

export function usePlan(name: string): Asked<PlanView> {
  return useQuery<PlanView, Failure>({ queryKey: ['plans', name], queryFn: ({ signal }) => get(`${API}/plans/${encodeURIComponent(name)}`, signal), ...SLOWLY })
}

/** A plan is never changed; another one needs another name. */
export function useFreeze() {
  const client = useQueryClient()
  return useMutation<PlanView, Failure, PlanWish>({
    mutationFn: (wish) => send('POST', `${API}/plans`, wish),
    onSuccess: () => client.invalidateQueries({ queryKey: ['plans'] }),
  })
}

export function useFindings(): Asked<FindingList> {
  return useQuery<FindingList, Failure>({ queryKey: ['findings'], queryFn: ({ signal }) => get(`${API}/findings`, signal), ...SLOWLY })
}

export function useQuotas(): Asked<QuotaList> {
  return useQuery<QuotaList, Failure>({ queryKey: ['quotas'], queryFn: ({ signal }) => get(`${API}/quotas`, signal), ...SLOWLY })
}

export function useQuotaHistory(): Asked<QuotaHistory> {
  return useQuery<QuotaHistory, Failure>({ queryKey: ['quotas', 'decisions'], queryFn: ({ signal }) => get(`${API}/quotas/decisions`, signal), ...SLOWLY })
}

/** Says that more was asked for, or that it stays; the last word counts. */
export function useDecideQuota(id: string) {
  const client = useQueryClient()
  return useMutation<QuotaView, Failure, QuotaDecision>({
    mutationFn: (wish) => send('POST', `${API}/quotas/${encodeURIComponent(id)}/decision`, wish),
    onSuccess: () => client.invalidateQueries({ queryKey: ['quotas'] }),
  })
}

/** What a change is worth. The same figures come to the same, so an answer is kept. */
export function useBenefit(wish: BenefitWish | null): Asked<BenefitView> {
  return useQuery<BenefitView, Failure>({
    queryKey: ['benefit', wish],
    queryFn: ({ signal }) => send('POST', `${API}/benefit`, wish, signal),
    enabled: wish !== null,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: (previous) => previous,
  })
}
