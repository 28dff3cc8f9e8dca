// Takes an alert's expression apart into what is measured and the line it is compared with, and says its figures.
import type { AlertView, Unit } from '../../../api/types'
import { digits, percent, plain, say, unitOfMetric } from '../../../text/numbers'

export type Compared = { left: string; line: number | null }

const COMPARED = /(==|!=|>=|<=|>|<)\s*(?:bool\s+)?([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*$/i
/** Joined conditions have no one line. */
const JOINED = /\b(?:and|or|unless)\b/i

/** What is measured shows also while it is fine; only a plain `something > 5` can be taken apart safely. */
export function compared(expr: string): Compared {
  const whole = { left: expr, line: null }
  if (/#/.test(expr)) return whole
  const found = COMPARED.exec(expr)
  if (!found) return whole
  const left = expr.slice(0, found.index).trimEnd()
  if (left === '' || depths(left).end !== 0 || JOINED.test(topLevel(left)) || /(==|!=|>=|<=|>|<)/.test(topLevel(left))) return whole
  return { left, line: Number(found[2]) }
}

/** The text outside brackets and quotation marks. */
function topLevel(text: string): string {
  return depths(text).outside
}

function depths(text: string): { end: number; outside: string } {
  let depth = 0
  let quote = ''
  let outside = ''
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? ''
    if (quote !== '') {
      if (sign === '\\') at += 1
      else if (sign === quote) quote = ''
    } else if (sign === '"' || sign === "'" || sign === '`') quote = sign
    else if ('([{'.includes(sign)) depth += 1
    else if (')]}'.includes(sign)) depth -= 1
    else if (depth === 0) outside += sign
  }
  return { end: depth, outside }
}

/** How an alert's figure is said: what its rule compares, or what the program that raised it counts. */
export type Measure = Compared & {
  say: (value: number, step?: number) => string
  binary: boolean
  /** What the figure is measured by, where that goes without a line. */
  of: string | null
}

export function measureOf(alert: Pick<AlertView, 'source' | 'name' | 'expr' | 'resource_id' | 'evidence'>): Measure {
  const { source, name, expr, resource_id } = alert
  const none = { left: expr ?? '', line: null, binary: false, of: null }
  if (source.startsWith('forecast/')) return { ...none, say: (value) => `${digits(value)}\u00a0days left` }
  if (resource_id !== null) return { ...none, say: percent }
  if (source.startsWith('objective/')) {
    if (name === 'ObjectiveBudgetLow') return { ...none, say: percent, of: 'of the budget left' }
    return { ...none, say: (value) => `${digits(value)}×`, of: 'of what the budget allows' }
  }
  const { left, line } = compared(expr ?? '')
  const unit = alert.evidence.normal && alert.evidence.normal.unit !== 'count' ? alert.evidence.normal.unit : unitOf(left, line)
  return { left, line, say: (value, step) => (unit === 'count' ? plain(value, step) : say(unit, value, step)), binary: unit.startsWith('bytes'), of: null }
}

/** What is divided and compared with at most one is a part of a whole. */
function unitOf(left: string, line: number | null): Unit {
  const named = unitOfMetric(/^[a-zA-Z_:][\w:]*(?=\{|$)/.exec(left)?.[0], left)
  if (named !== 'count' && !topLevel(left).includes('/')) return named
  return line !== null && line > 0 && line <= 1 && /[^/]\/[^/]/.test(topLevel(left)) ? 'share' : named === 'share' ? named : 'count'
}
