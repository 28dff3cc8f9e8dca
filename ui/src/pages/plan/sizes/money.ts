// Money, months and advice of sizes in words.
import type { Mood } from '../../../parts/level'

export const ADVICE: Record<string, { mood: Mood; text: string }> = {
  smaller: { mood: 'notice', text: 'too large' },
  larger: { mood: 'warning', text: 'too small' },
  none_fits: { mood: 'critical', text: 'nothing fits' },
  fits: { mood: 'fine', text: 'fits' },
  unknown: { mood: 'unknown', text: 'not known' },
}

export function moneyOr(amount: number | null, currency: string): string {
  if (amount === null) return '–'
  const said = amount.toLocaleString('en-GB', { maximumFractionDigits: Math.abs(amount) < 100 ? 2 : 0 }).replace('-', '−')
  return currency === '' ? said : `${said}\u00a0${currency}`
}

/** `saves 140 EUR a month`, `costs 70 EUR a month more`. */
export function savingText(saving: number, currency: string, how: 'saves' | 'promised' | 'seen' = 'saves'): string {
  const amount = moneyOr(Math.abs(saving), currency)
  if (how !== 'saves') return `${saving < 0 ? '−' : ''}${amount} a month ${how}`
  if (saving === 0) return 'costs the same'
  return saving > 0 ? `saves ${amount} a month` : `costs ${amount} a month more`
}

/** `saves 140 of 978 EUR a month`. */
export function savingOf(saving: number, cost: number | null, currency: string): string {
  if (cost === null || saving === 0) return savingText(saving, currency)
  if (saving < 0) return `${savingText(saving, currency)} than ${moneyOr(cost, currency)} now`
  return `saves ${moneyOr(saving, '')} of ${moneyOr(cost, currency)} a month`
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

/** `2026-11` as people say it. */
export function monthName(month: string): string {
  const [year = '', number = ''] = month.split('-')
  const name = MONTHS[Number(number) - 1]
  return name ? `${name} ${year}` : month
}
