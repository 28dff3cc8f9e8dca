// Seconds of load tests as numbers and words.
import type { GateRun, LiveView, RunView } from '../../api/types'
import type { Mood } from '../../parts/level'
import { digits } from '../../text/numbers'

/** How a run ended, as the pages colour it. An invalid run says nothing of its target. */
export const RUN_MOOD: Record<string, Mood> = { passed: 'fine', failed: 'critical', invalid: 'warning', unanswered: 'critical', broken_off: 'warning' }
export const GATE_MOOD: Record<string, Mood> = { passed: 'fine', failed: 'critical', refused: 'warning', goes_on: 'pending', broken_off: 'warning' }
export const LIVE_MOOD: Record<string, Mood> = { running: 'pending', stopping: 'warning', ended: 'fine', lost: 'critical' }

/** How many seconds of it are over. Of a run that is lost nobody knows more than the last second that it told. */
export function passedOf({ started, seconds, state, last }: Pick<LiveView, 'started' | 'seconds' | 'state' | 'last'>, now: number): number {
  const passed = state === 'lost' ? (last?.second ?? 0) : (now - started) / 1000
  return Math.min(seconds, Math.max(0, passed))
}

/** Several runs of two releases that are one question; its verdict, or `goes_on`, or `broken_off`. */
export type GateRuns = { gate: string; verdict: string; runs: RunView[] }

/** How a run ended, or a gate: one that was refused says nothing, as an invalid run does not. */
export function wordOf(entry: RunView | GateRuns): string {
  if (!('gate' in entry)) return entry.run.word
  return entry.verdict === 'refused' ? 'invalid' : entry.verdict
}

/** Which run of a gate one is. */
export function gateRunText({ side, round }: GateRun): string {
  return `gate, ${side}, round ${round}`
}

/** Runs of a gate stand as one from the first of them on, where the newest would. */
export function gathered(views: readonly RunView[]): (RunView | GateRuns)[] {
  const gates = new Map<string, GateRuns>()
  const found: (RunView | GateRuns)[] = []
  for (const view of views) {
    const id = view.run.gate?.id
    const known = id === undefined ? undefined : gates.get(id)
    if (known) {
      known.runs.push(view)
    } else if (id !== undefined) {
      const gate = { gate: id, verdict: view.gate_verdict ?? 'goes_on', runs: [view] }
      gates.set(id, gate)
      found.push(gate)
    } else found.push(view)
  }
  return found
}

/** The highest of all values; nought if there is none. */
export function highest(columns: readonly (readonly (number | null)[])[]): number {
  let high = 0
  for (const column of columns) for (const value of column) if (value !== null && value > high) high = value
  return high
}

/** Where a course ends: its last place may cover less than the others. */
export function endOf({ step, last = step, values }: { step: number; last?: number | undefined; values: readonly unknown[] }): number {
  return values.length === 0 ? 0 : (values.length - 1) * step + last
}

/** What was measured in the place that holds this second, from 1 on. */
export function valueAt({ step, values }: { step: number; values: readonly (number | null)[] }, second: number): number | null {
  return values[Math.ceil(second / step) - 1] ?? null
}

/** `40 s`, `2:05`, `1:10:00`. */
export function secondsText(seconds: number): string {
  const all = Math.round(seconds)
  if (all < 60) return `${all}\u00a0s`
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

const STEPS: readonly number[] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800]

export function secondTicks(end: number, wanted: number): number[] {
  const step = STEPS.find((seconds) => end / seconds <= wanted) ?? 86_400
  const found: number[] = []
  for (let second = 0; second < end * 0.98; second += step) found.push(second)
  return found
}

/** Milliseconds as people say times. */
export function millisText(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return '–'
  return millis >= 1000 ? `${digits(millis / 1000)}\u00a0s` : `${digits(millis)}\u00a0ms`
}

/** Rows of a report or of a live run, as columns a second; rows of several seconds are divided. */
export type Rows = readonly { sent: number; good: number; failed: number; in_flight: number; response_p50_ms: number | null; response_p95_ms: number | null; response_p99_ms: number | null }[]

export function columnsOf(rows: Rows, step: number, last = step) {
  const seconds = (at: number) => (at === rows.length - 1 ? countedSeconds(step, last) : step)
  return {
    sent: rows.map(({ sent }, at) => sent / seconds(at)),
    good: rows.map(({ good }, at) => good / seconds(at)),
    failed: rows.map(({ failed }, at) => failed / seconds(at)),
    inFlight: rows.map(({ in_flight }) => in_flight),
    p50: rows.map((row) => row.response_p50_ms),
    p95: rows.map((row) => row.response_p95_ms),
    p99: rows.map((row) => row.response_p99_ms),
  }
}

/** Of a row of which hardly anything was left a rate would say nothing. */
function countedSeconds(step: number, last: number): number {
  return last < step / 2 ? step : last
}

/** How many places of a course are drawn: not a last one of which hardly anything was left, unless something failed in it, so that it does not end in a fall. */
export function drawnPlaces(step: number, last: number, failed: readonly (number | null)[]): number {
  return failed.length > 1 && last < step / 2 && !failed.at(-1) ? failed.length - 1 : failed.length
}

/** Rows that are drawn, and how many seconds the last of them covers; reports of earlier versions do not say that. */
export function drawnRows<Row extends { failed: number }>(timeline: { seconds: number; last_seconds?: number; rows: readonly Row[] }, took: number) {
  const { seconds, rows } = timeline
  const last = timeline.last_seconds ?? Math.min(seconds, Math.max(0, took - (rows.length - 1) * seconds))
  const places = drawnPlaces(seconds, last, rows.map(({ failed }) => failed))
  return { rows: rows.slice(0, places), step: seconds, last: places < rows.length ? seconds : last }
}

/** How one figure of a comparison is said: times come in seconds, shares as parts, the rest a second. */
export function figureText(figure: string, value: number | null): string {
  if (value === null) return '–'
  if (figure === 'errors') return `${(value * 100).toFixed(2)}\u00a0%`
  if (figure === 'throughput') return `${value.toFixed(1)}\u00a0/s`
  return millisText(value * 1000)
}

/** A difference with its sign: a part of what was before; of errors, which are parts themselves, in points. */
export function differenceText(part: number | null, figure = ''): string {
  if (part === null) return '–'
  const text = (Math.abs(part) * 100).toFixed(Math.abs(part) < 0.1 ? 1 : 0)
  return `${part < 0 ? '−' : '+'}${text}\u00a0${figure === 'errors' ? 'points' : '%'}`
}
