// Moments and spans as people say them, in the reader's own zone.

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
const YEAR = 365 * DAY

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
  ['ms', 1],
]

/** As PromQL writes spans: `1h30m`, `15s`. */
export function spanText(millis: number): string {
  if (millis === 0) return '0s'
  let rest = Math.round(millis)
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest %= size
    if (count > 0) text += `${count}${unit}`
  }
  return text
}

/** Reads `1h30m`, `15s`, `2w`, `1y`; nothing if it is not a span. */
export function parseSpan(text: string): number | null {
  const sizes: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY, y: YEAR }
  const trimmed = text.trim()
  if (!/^(\d+(ms|[smhdwy]))+$/.test(trimmed)) return null
  let sum = 0
  for (const [, count, unit] of trimmed.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    sum += Number(count) * (sizes[unit ?? ''] ?? 0)
  }
  return sum > 0 && Number.isSafeInteger(sum) ? sum : null
}

/** A span in its one or two largest parts: `47 min`, `3 h 20 min`, `12 days`. */
export function saySpan(millis: number): string {
  const size = Math.abs(millis)
  if (size < SECOND) return `${Math.round(size)}\u00a0ms`
  if (size < MINUTE) return `${Math.floor(size / SECOND)}\u00a0s`
  if (size < HOUR) return `${Math.floor(size / MINUTE)}\u00a0min`
  if (size < DAY) {
    const minutes = Math.floor((size % HOUR) / MINUTE)
    const hours = `${Math.floor(size / HOUR)}\u00a0h`
    return minutes > 0 && size < 10 * HOUR ? `${hours} ${minutes}\u00a0min` : hours
  }
  const days = Math.floor(size / DAY)
  if (days > 730) return `${Math.floor(days / 365)}\u00a0years`
  return days === 1 ? '1\u00a0day' : `${days}\u00a0days`
}

export function ago(at: number, now: number): string {
  const since = now - at
  return since < 2 * SECOND ? 'just now' : `${saySpan(since)} ago`
}

/** Time of day if it is today, else with the date; the year only if it is another. */
export function moment(at: number, now: number): string {
  const then = new Date(at)
  const today = new Date(now)
  const time = clock(at)
  if (then.toDateString() === today.toDateString()) return time
  return `${day(then, today)}, ${time}`
}

/** The time of day alone. */
export function clock(at: number): string {
  const then = new Date(at)
  return `${two(then.getHours())}:${two(then.getMinutes())}`
}

/** A moment in full, to the second. */
export function momentFull(at: number): string {
  const then = new Date(at)
  const time = [then.getHours(), then.getMinutes(), then.getSeconds()].map(two).join(':')
  return `${then.getDate()} ${MONTHS[then.getMonth()]} ${then.getFullYear()}, ${time}`
}

export function dateOnly(at: number, now: number): string {
  return day(new Date(at), new Date(now))
}

function day(then: Date, today: Date): string {
  const text = `${then.getDate()} ${MONTHS[then.getMonth()] ?? ''}`
  return then.getFullYear() === today.getFullYear() ? text : `${text} ${then.getFullYear()}`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function two(part: number): string {
  return String(part).padStart(2, '0')
}
