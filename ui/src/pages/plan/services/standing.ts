// How a service stands: judged by when its load line is reached, as the pages sort and colour it.
import type { ReachedView, ServiceLimitView, ServiceView, WithoutView } from '../../../api/types'
import type { Mood } from '../../../parts/level'
import { counted } from '../../../text/numbers'
import { dateOnly, DAY } from '../../../text/time'

export type Standing = 'reached' | 'within 30 days' | 'in sight' | 'has room' | 'no date' | 'not known'

export const STANDINGS: readonly Standing[] = ['reached', 'within 30 days', 'in sight', 'has room', 'no date', 'not known']

export const STANDING_MOOD: Record<Standing, Mood> = {
  reached: 'critical',
  'within 30 days': 'warning',
  'in sight': 'notice',
  'has room': 'fine',
  'no date': 'unknown',
  'not known': 'unknown',
}

/** A month is what most of what can be bought takes, or may take. */
const SOON = 30 * DAY

export function standingOf({ line, share, dates }: ServiceView, now: number): Standing {
  if (line === null) return 'not known'
  if (dates === null) return (share ?? 0) >= 1 ? 'reached' : 'no date'
  const { earliest, likely } = dates.by_itself
  if (earliest !== null && (likely ?? earliest) <= now) return 'reached'
  if (earliest !== null) return earliest <= now + SOON ? 'within 30 days' : 'in sight'
  return dates.chance === null || dates.horizon === null ? 'no date' : 'has room'
}

/** Those that are reached in front, then by the day that is likely; what is alike stays as it came. */
export function worstFirst(services: readonly ServiceView[], now: number): ServiceView[] {
  const place = (service: ServiceView) => STANDINGS.indexOf(standingOf(service, now))
  return services.toSorted((one, other) => place(one) - place(other) || dayOf(one) - dayOf(other))
}

function dayOf({ dates }: ServiceView): number {
  return dates?.by_itself.likely ?? dates?.by_itself.earliest ?? Number.MAX_SAFE_INTEGER
}

export type When = { main: string; range: string | null }

/** A date to plan with, and the range it lies in with 90 %. */
export function whenOf(reached: ReachedView, now: number): When {
  const { earliest, likely, latest, text } = reached
  if (earliest === null) return { main: text.replace(/^not within/, 'not reached within'), range: null }
  if ((likely ?? earliest) <= now) return { main: 'reached now', range: null }
  const from = dateOnly(earliest, now)
  if (likely === null) return { main: `after ${from}`, range: null }
  const to = latest === null ? 'open' : dateOnly(latest, now)
  return { main: dateOnly(likely, now), range: `90 %: ${from} – ${to}` }
}

/** The limits with a line, the first to bind in front, then those of which nothing can be told. */
export function limitsInOrder(limits: readonly ServiceLimitView[]): ServiceLimitView[] {
  return limits.toSorted((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other)))
}

function rank({ line }: ServiceLimitView): number {
  return line?.mid ?? Number.POSITIVE_INFINITY
}

/** The names of resources that some service's limit stands for. */
export function coveredResources(services: readonly ServiceView[]): Set<string> {
  return new Set(services.flatMap(({ limits }) => limits.flatMap(({ resource }) => (resource === null ? [] : [resource]))))
}

/** `With one of 3 instances gone`, `with one of 2 copies of the pool gone`. */
export function withoutText({ lost, of, count }: WithoutView, limits: readonly ServiceLimitView[]): string {
  const many = lost === 'copy' ? 'copies' : `${lost}s`
  const title = of === null ? '' : ` of ${limits.find(({ name }) => name === of)?.title ?? of}`
  return count < 2 ? `With its only ${lost}${title} gone` : `With one of ${counted(count, lost, many)}${title} gone`
}
