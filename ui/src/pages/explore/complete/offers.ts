// What completion offers, from what the program knows: metrics with their meaning, labels, values.
import { useQuery } from '@tanstack/preact-query'
import { useMemo } from 'preact/hooks'

import { labelNames, labelValues, metadata, metricNames } from '../../../api/prometheus'
import { rank, type Offer, type Spot } from './complete'
import { AGGREGATIONS, FUNCTIONS, KEYWORDS, SPANS } from './functions'

/** Names change seldom; a minute old is fresh enough to type by. */
const FRESH = { staleTime: 60_000 }

export function useMetricNames() {
  return useQuery({ queryKey: ['metric-names'], queryFn: ({ signal }) => metricNames(signal), ...FRESH })
}

export function useOffers(spot: Spot | null): Offer[] {
  const want = spot?.want ?? { kind: 'nothing' as const }
  const names = useMetricNames().data
  const meanings = useQuery({ queryKey: ['metadata'], queryFn: ({ signal }) => metadata(signal), ...FRESH }).data
  const metric = want.kind === 'label' || want.kind === 'value' ? want.metric : null
  const labels = useQuery({
    queryKey: ['label-names', metric],
    queryFn: ({ signal }) => labelNames(metric, signal),
    enabled: want.kind === 'label',
    ...FRESH,
  }).data
  const label = want.kind === 'value' ? want.label : ''
  const values = useQuery({
    queryKey: ['label-values', label, metric],
    queryFn: ({ signal }) => labelValues(label, metric, signal),
    enabled: want.kind === 'value',
    ...FRESH,
  }).data

  const typed = spot?.typed ?? ''
  return useMemo(() => {
    const plain = (text: string, note: string): Offer => ({ text, insert: text, note })
    switch (want.kind) {
      case 'name': {
        if (typed === '') return []
        const metrics = (names ?? []).map((name) => {
          const meaning = meanings?.[name]?.[0]
          return plain(name, meaning ? `${meaning.type} · ${meaning.help}` : 'metric')
        })
        const calls = [...FUNCTIONS, ...AGGREGATIONS].map(({ name, help }) => ({ text: name, insert: `${name}(`, note: help }))
        return rank([...metrics, ...calls, ...KEYWORDS.map((word) => plain(word, 'keyword'))], typed)
      }
      case 'label':
        return rank((labels ?? []).filter((name) => name !== '__name__').map((name) => plain(name, 'label')), typed)
      case 'value':
        return rank((values ?? []).map((value) => ({ text: value, insert: `${escaped(value)}"`, note: label })), typed)
      case 'span':
        return rank(SPANS.map((text) => plain(text, 'span')), typed)
      case 'nothing':
        return []
    }
  }, [want.kind, typed, names, meanings, labels, values, label])
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}
