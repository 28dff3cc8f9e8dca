// Numbers as people say them: three significant digits and a unit, as the program says them too.
import type { Unit } from '../api/types'

const UNKNOWN = 'unknown'
/** A narrow space that does not break: the number and its unit stay together. */
const GAP = '\u00a0'
/** Finer steps than this no chart has. */
const DECIMALS_MAX = 9

/** From here on numbers are said by their power of ten; and less than this is said to be nought. */
const WRITTEN_OUT = { max: 1e9, min: 1e-6 }

/** Three digits, two below a hundredth; on a scale, as many decimals as its steps need, so that no two of its words are alike. */
export function digits(value: number, step = 0): string {
  const size = Math.abs(value)
  if (step === 0 && size >= WRITTEN_OUT.max) return value.toExponential(2).replace('e+', 'e')
  const small = size < 0.00995 && size >= WRITTEN_OUT.min
  const usual = size >= 99.95 ? 0 : size >= 9.995 ? 1 : small ? Math.ceil(-Math.log10(size * 1.005)) + 1 : 2
  const decimals = step > 0 ? decimalsOf(step) : usual
  const text = value.toFixed(decimals)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < DECIMALS_MAX; decimals += 1) {
    const moved = step * 10 ** decimals
    if (Math.abs(moved - Math.round(moved)) < 1e-6 * moved) return decimals
  }
  return DECIMALS_MAX
}

function scaled(value: number, base: number, names: readonly string[], spacing = 0): string {
  let rest = value
  let apart = spacing
  let step = 0
  while (Math.abs(rest) >= base * 0.9995 && step + 1 < names.length) {
    rest /= base
    apart /= base
    step += 1
  }
  const name = names[step] ?? ''
  return name === '' ? digits(rest, apart) : `${digits(rest, apart)}${GAP}${name}`
}

/** `step` is how far the values of a scale are apart. */
export function say(unit: Unit, value: number | null | undefined, step = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN
  switch (unit) {
    case 'bytes':
      return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'], step)
    case 'bytes_per_second':
      return scaled(value, 1024, ['B/s', 'KiB/s', 'MiB/s', 'GiB/s', 'TiB/s'], step)
    case 'seconds':
      return Math.abs(value) < 1 ? `${digits(value * 1000, step * 1000)}${GAP}ms` : `${digits(value, step)}${GAP}s`
    case 'cores': {
      const text = digits(value, step)
      return `${text}${GAP}${text === '1' ? 'core' : 'cores'}`
    }
    case 'share':
      return percent(value, step)
    case 'count':
      return plain(value, step)
    case 'per_second':
      return scaled(value, 1000, ['/s', 'k/s', 'M/s', 'G/s'], step)
  }
}

/** Two ends in one unit say it once: `1.51 – 2.7 cores`. */
export function sayRange(unit: Unit, low: number, high: number): string {
  const [from, to] = [say(unit, low), say(unit, high)]
  const end = from.indexOf(GAP)
  const same = end >= 0 && to.endsWith(from.slice(end))
  return `${same ? from.slice(0, end) : from} – ${to}`
}

export function percent(share: number | null | undefined, step = 0): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return UNKNOWN
  return `${digits(share * 100, step * 100)}${GAP}%`
}

/** A bare number: 12.5 k. */
export function plain(value: number, step = 0): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+∞' : '−∞'
  if (step === 0 && value !== 0 && Math.abs(value) < 0.1) return Number(value.toPrecision(3)).toString()
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P', 'E'], step)
}

/** A whole number with its thousands apart: 14 523. */
export function whole(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** Guesses what a metric counts from its name, which by custom ends in its unit. */
export function unitOfMetric(name: string | undefined, query: string): Unit {
  const text = name ?? query
  const rate = /\b(rate|irate|deriv)\s*\(/.test(query)
  if (/_bytes(_total)?\b/.test(text)) return rate ? 'bytes_per_second' : 'bytes'
  if (/[_:]ratio(?![a-z])/.test(text)) return 'share'
  if (/_seconds\b/.test(text) && !/_total\b|time_seconds|_timestamp/.test(text) && !rate) return 'seconds'
  return 'count'
}

/** The program's words, with numbers kept beside their units at the end of a line. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:%|[KMGTPE]?i?B(?:\/s)?|cores?|ms|s|min|h|days?|[kMGTPE])(?![\w/]))/g, `$1${GAP}`)
}

/** What a program puts between back-quotes, as people quote. */
export function quoted(text: string): string {
  return text.replace(/`([^`]+)`/g, '«$1»')
}

/** `1 target`, `2 targets`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)}${GAP}${count === 1 ? one : many}`
}
