// Numbers as people say them: three significant digits and a unit, as the program says them too.
import type { Unit } from '../api/types'

const UNKNOWN = 'unknown'
/** A narrow space that does not break: the number and its unit stay together. */
const GAP = '\u00a0'

export function digits(value: number): string {
  const size = Math.abs(value)
  const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2
  const text = value.toFixed(decimals)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function scaled(value: number, base: number, names: readonly string[]): string {
  let rest = value
  let step = 0
  while (Math.abs(rest) >= base * 0.9995 && step + 1 < names.length) {
    rest /= base
    step += 1
  }
  const name = names[step] ?? ''
  return name === '' ? digits(rest) : `${digits(rest)}${GAP}${name}`
}

export function say(unit: Unit, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN
  switch (unit) {
    case 'bytes':
      return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'])
    case 'bytes_per_second':
      return scaled(value, 1024, ['B/s', 'KiB/s', 'MiB/s', 'GiB/s', 'TiB/s'])
    case 'seconds':
      return Math.abs(value) < 1 ? `${digits(value * 1000)}${GAP}ms` : `${digits(value)}${GAP}s`
    case 'cores':
      return `${digits(value)}${GAP}cores`
    case 'share':
      return percent(value)
    case 'count':
      return plain(value)
    case 'per_second':
      return scaled(value, 1000, ['/s', 'k/s', 'M/s', 'G/s'])
  }
}

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return UNKNOWN
  return `${digits(share * 100)}${GAP}%`
}

/** A bare number: 12.5 k. */
export function plain(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+∞' : '−∞'
  if (value !== 0 && Math.abs(value) < 0.01) return Number(value.toPrecision(3)).toString()
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P', 'E'])
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
  if (/_ratio\b/.test(text)) return 'share'
  if (/_seconds\b/.test(text) && !/_total\b|time_seconds|_timestamp/.test(text) && !rate) return 'seconds'
  return 'count'
}

/** The program's words, with numbers kept beside their units at the end of a line. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:%|[KMGTPE]?i?B(?:\/s)?|cores?|ms|s|min|h|days?|[kMGTPE])(?![\w/]))/g, `$1${GAP}`)
}

/** `1 target`, `2 targets`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)}${GAP}${count === 1 ? one : many}`
}
