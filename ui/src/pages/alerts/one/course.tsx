// The alert's figure over time, with its line, and what changed around it.
import { useMemo } from 'preact/hooks'

import type { AlertView, Labels } from '../../../api/types'
import { useRange } from '../../../api/prometheus'
import { useBand, withBand } from '../../../chart/band'
import { Chart } from '../../../chart/chart'
import { Figure } from '../../../chart/figure'
import { Marks, useMarks } from '../../../chart/marks'
import type { Columns, Picture } from '../../../chart/plot'
import { autoStep, columnsOf, LINES_MAX, linesOf, shortNames } from '../../../chart/series'
import { useAddress } from '../../../address/address'
import { patched, writeWindow } from '../../../address/window'
import { Face } from '../../../parts/face/face'
import { Section } from '../../../parts/page'
import { useNow } from '../../../shell/now'
import { counted, plain, say, unitOfMetric } from '../../../text/numbers'
import { HOUR, MINUTE, momentFull, saySpan } from '../../../text/time'
import { compared } from './lines'

const POINTS = 400
const POINTS_NARROW = 160

export function Course({ alert }: { alert: AlertView }) {
  if (alert.expr === null || alert.resource_id !== null) return null
  return <Drawn alert={alert} expr={alert.expr} />
}

function Drawn({ alert, expr }: { alert: AlertView; expr: string }) {
  const { go } = useAddress()
  const now = useNow(MINUTE / 2)
  const { left, line } = useMemo(() => compared(expr), [expr])
  const end = alert.resolved_at === null ? now : Math.min(now, alert.resolved_at + HOUR / 2)
  const from = alert.active_at - HOUR
  const step = autoStep(end - from, innerWidth < 600 ? POINTS_NARROW : POINTS)
  const to = Math.ceil(end / step) * step
  const shown = useMemo(() => ({ from: to - Math.floor((to - from) / step) * step, to, step }), [from, to, step])
  const asked = useRange(left, shown)
  const changes = useMarks(shown)
  return (
    <Section title="Its course" note={`from an hour before it began`}>
      <Face asked={asked} what="course" rows={7} empty={({ data }) => (mine(data.result, alert.labels).length === 0 ? <p>No sample of it in this time.</p> : null)}>
        {({ data }) => (
          <Lines
            {...{ alert, left, line, shown }}
            series={mine(data.result, alert.labels)}
            changes={changes}
            onZoom={(start, stop) => go(patched('/explore', {}, { query: left, ...writeWindow({ kind: 'fixed', from: start, to: stop }) }))}
          />
        )}
      </Face>
    </Section>
  )
}

type Series = { metric: Labels; values: [number, string][] }

/** Series of which no label contradicts the alert's; all if that leaves none. */
function mine(result: unknown, labels: Labels): Series[] {
  const series = (Array.isArray(result) ? result : []) as Series[]
  const fitting = series.filter(({ metric }) =>
    Object.entries(metric).every(([name, value]) => name === '__name__' || labels[name] === undefined || labels[name] === value),
  )
  return fitting.slice(0, LINES_MAX)
}

type LinesProps = {
  alert: AlertView
  left: string
  line: number | null
  shown: { from: number; to: number; step: number }
  series: readonly Series[]
  changes: ReturnType<typeof useMarks>
  onZoom: (from: number, to: number) => void
}

function Lines({ alert, left, line, shown, series, changes, onZoom }: LinesProps) {
  const metrics = useMemo(() => series.map(({ metric }) => metric), [series])
  const unit = unitOfMetric(metrics[0]?.['__name__'], left)
  const usual = useBand(series.length === 1 ? { query: left } : null, metrics[0] ?? null, shown)
  const [columns, picture] = useMemo<[Columns, Picture]>(() => {
    const own = columnsOf(series, shown.step)
    const level = line === null ? [] : [own.times.map(() => line)]
    const lines = [
      ...linesOf(metrics),
      ...(line === null ? [] : [{ label: 'line', token: alert.severity === 'critical' ? 'critical' : 'warning', width: 1, dash: [5, 4], mark: 'line' }]),
    ]
    const worded = (value: number) => (unit === 'count' ? plain(value) : say(unit, value))
    const pictured: Picture = { lines, say: worded, binary: unit.startsWith('bytes'), marks: changes.marks, began: alert.fired_at ?? alert.active_at }
    return withBand({ times: own.times, values: [...own.values, ...level] }, pictured, usual)
  }, [series, metrics, shown.step, line, unit, usual, changes.marks, alert.severity, alert.fired_at, alert.active_at])
  const names = shortNames(metrics)
  return (
    <Figure
      title={alert.name}
      summary={`${counted(series.length, 'series', 'series')} over ${saySpan(shown.to - shown.from)}${line === null ? '' : `, the line is ${picture.say(line)}`}.`}
      twin={() => ({
        head: ['Time', ...names],
        rows: columns.times
          .map((at, row) => [momentFull(at), ...names.map((_, column) => cell(columns.values[column]?.[row], picture.say))])
          .toReversed(),
      })}
    >
      <Chart picture={picture} columns={columns} window={shown} label={`${alert.name}, over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}

function cell(value: number | null | undefined, said: (value: number) => string): string {
  return typeof value === 'number' ? said(value) : '–'
}
