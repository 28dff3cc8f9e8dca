// What findings speak of, and where that stands.
import type { FindingView } from '../../../api/types'

export const KINDS: Readonly<Record<string, string>> = {
  redundancy: 'losses not borne',
  distribution: 'data and caches',
  size: 'sizes',
  quota: 'quotas',
}

/** Where more of it is said, and where it is decided. */
export function placeOf({ kind, subject, title }: FindingView): { to: string; text: string } {
  if (kind === 'size') return { to: `/capacity/sizes?find=${encodeURIComponent(title)}`, text: 'See sizes' }
  if (kind === 'quota') return { to: `/capacity/quotas?find=${encodeURIComponent(title)}`, text: 'See quotas' }
  return { to: `/capacity/services/${encodeURIComponent(serviceOf(subject))}`, text: 'See service' }
}

/** Services are named in front: `shop/copy_of_database_connections`. */
function serviceOf(subject: string): string {
  const end = subject.indexOf('/')
  return end < 0 ? subject : subject.slice(0, end)
}

/** What all of them together save a month, less what they cost: by currency, since those are never added up. */
export function savingsOf(findings: readonly FindingView[]): [currency: string, saving: number][] {
  const sums = new Map<string, number>()
  for (const { saving_month, currency } of findings) {
    if (saving_month !== null) sums.set(currency ?? '', (sums.get(currency ?? '') ?? 0) + saving_month)
  }
  return [...sums]
}
