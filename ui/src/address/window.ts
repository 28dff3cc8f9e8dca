// The window of time a page shows, as it stands in the address: either a span that ends now
// (`range=6h`) or two moments (`from`, `to`), which is what a shared address should hold.
import { DAY, HOUR, MINUTE, parseSpan, spanText } from '../text/time'

export type Window = { kind: 'moving'; span: number } | { kind: 'fixed'; from: number; to: number }

export type Query = Readonly<Record<string, string>>
export type Patch = Readonly<Record<string, string | null>>

/** From a minute to ten years: less shows nothing, more overflows what a store keeps. */
export const SPAN_MIN = MINUTE
export const SPAN_MAX = 3650 * DAY

/** The spans offered, from minutes to years. */
export const PRESETS: readonly { text: string; span: number }[] = [
  { text: '15m', span: 15 * MINUTE },
  { text: '1h', span: HOUR },
  { text: '6h', span: 6 * HOUR },
  { text: '24h', span: DAY },
  { text: '7d', span: 7 * DAY },
  { text: '30d', span: 30 * DAY },
  { text: '90d', span: 90 * DAY },
  { text: '1y', span: 365 * DAY },
  { text: '3y', span: 3 * 365 * DAY },
]

export function readWindow(query: Query, span: number): Window {
  const from = parseMoment(query['from'])
  const to = parseMoment(query['to'])
  if (from !== null && to !== null && to > from) return { kind: 'fixed', from, to }
  const moving = parseSpan(query['range'] ?? '')
  return { kind: 'moving', span: clampSpan(moving ?? span) }
}

export function writeWindow(window: Window): Patch {
  if (window.kind === 'moving') return { range: rangeText(window.span), from: null, to: null }
  return { range: null, from: momentText(window.from), to: momentText(window.to) }
}

export function bounds(window: Window, now: number): { from: number; to: number } {
  return window.kind === 'fixed' ? { from: window.from, to: window.to } : { from: now - window.span, to: now }
}

/** Moves the window by half its width; one that reaches now again moves with it. */
export function shift(window: Window, direction: -1 | 1, now: number): Window {
  const { from, to } = bounds(window, now)
  const span = to - from
  const by = (direction * span) / 2
  if (to + by >= now - span * NOW_PART) return { kind: 'moving', span }
  return { kind: 'fixed', from: from + by, to: to + by }
}

/** Halves or doubles the width; a moving window keeps its end, a fixed one its middle. */
export function zoom(window: Window, direction: 'in' | 'out', now: number): Window {
  const { from, to } = bounds(window, now)
  const span = clampSpan((to - from) * (direction === 'in' ? 0.5 : 2))
  if (window.kind === 'moving') return { kind: 'moving', span }
  const middle = (from + to) / 2
  if (middle + span / 2 >= now - span * NOW_PART) return { kind: 'moving', span }
  return { kind: 'fixed', from: middle - span / 2, to: middle + span / 2 }
}

/** A window that ends this part of its width before now, or later, is meant to end now. */
const NOW_PART = 0.02

function clampSpan(span: number): number {
  return Math.min(SPAN_MAX, Math.max(SPAN_MIN, Math.round(span)))
}

function rangeText(span: number): string {
  return PRESETS.find((preset) => preset.span === span)?.text ?? spanText(Math.round(span / 1000) * 1000)
}

function momentText(at: number): string {
  return new Date(Math.round(at / 1000) * 1000).toISOString().replace('.000', '')
}

/** Milliseconds since 1970, or a date as ISO 8601 writes it. */
export function parseMoment(text: string | undefined): number | null {
  if (!text) return null
  const at = /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text)
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? at : null
}

/** An address with some of its fields changed; `null` takes one away. */
export function patched(path: string, query: Query, patch: Patch): string {
  const fields = new URLSearchParams(query)
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === '') fields.delete(name)
    else fields.set(name, value)
  }
  const text = fields.toString()
  return text === '' ? path : `${path}?${text}`
}
