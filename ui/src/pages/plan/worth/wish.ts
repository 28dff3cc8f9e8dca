// What somebody types about two ways to go on, as the program takes it. Everything typed stands in the address.
import type { BenefitWish } from '../../../api/types'

export const WAYS = ['now', 'instead'] as const
export const PARTS = ['once', 'month', 'over'] as const

export type Way = (typeof WAYS)[number]
export type Part = (typeof PARTS)[number]

/** Months that are counted if nobody says otherwise, and the most that are. */
export const MONTHS = 12
const MONTHS_MAX = 120

/** `900`, `500..600` or `500..550..600`, with or without marks between thousands; an empty text is nought. */
export function rangeOf(text: string): number[] | null {
  const trimmed = text.trim()
  if (trimmed === '') return []
  const numbers = trimmed.split('..').map((part) => (part.trim() === '' ? Number.NaN : Number(part.replace(/[\s,_'\u202f\u00a0]/g, ''))))
  const rises = numbers.every((number, index) => Number.isFinite(number) && (index === 0 || number >= (numbers[index - 1] ?? number)))
  return rises && numbers.length <= 3 ? numbers : null
}

export type Typed = Readonly<Record<string, string | undefined>>

/** The fields that are no figures, by name. */
export function wrongOf(typed: Typed): Set<string> {
  const fields = [...WAYS.flatMap((way) => PARTS.map((part) => `${way}_${part}`)), 'hour']
  const wrong = new Set(fields.filter((field) => rangeOf(typed[field] ?? '') === null || (field.endsWith('_over') && (rangeOf(typed[field] ?? '')?.[0] ?? 0) < 0)))
  const hour = rangeOf(typed['hour'] ?? '')
  if (hour !== null && (hour.length > 1 || (hour[0] ?? 0) < 0)) wrong.add('hour')
  const months = typed['months'] ?? ''
  if (months !== '' && !(/^\d+$/.test(months.trim()) && Number(months) >= 1 && Number(months) <= MONTHS_MAX)) wrong.add('months')
  return wrong
}

/** Nothing while nothing is typed, or something of it is wrong. */
export function wishOf(typed: Typed): BenefitWish | null {
  const way = (name: Way) => ({
    once: rangeOf(typed[`${name}_once`] ?? '') ?? [],
    month: rangeOf(typed[`${name}_month`] ?? '') ?? [],
    over_hours: rangeOf(typed[`${name}_over`] ?? '') ?? [],
  })
  const [now, instead] = [way('now'), way('instead')]
  const empty = [now, instead].every((own) => own.once.length + own.month.length + own.over_hours.length === 0)
  if (empty || wrongOf(typed).size > 0) return null
  const hour = rangeOf(typed['hour'] ?? '')?.[0]
  return {
    now,
    instead,
    months: Number(typed['months']?.trim() || MONTHS),
    ...(hour === undefined ? {} : { over_hour_cost: hour }),
  }
}
