// The alert's figure over time, with its line, what is usual, and what changed around it.
import { useMemo } from 'preact/hooks'

import { useAddress } from '../../../address/address'
import { patched, writeWindow } from '../../../address/window'
import { useObjective } from '../../../api/objectives'
import { useRange } from '../../../api/prometheus'
import { useResource } from '../../../api/queries'
import type { AlertView, Labels, ResourceDetail } from '../../../api/types'
import { useBand, withBand } from '../../../chart/band'
import { Chart } from '../../../chart/chart'
import { Figure } from '../../../chart/figure'
import { Marks, useMarks } from '../../../chart/marks'
import type { Columns, Picture } from '../../../chart/plot'
import { autoStep, columnsOf, LINES_MAX, linesOf, shortNames } from '../../../chart/series'
import { Face } from '../../../parts/face/face'
import { Section } from '../../../parts/page/page'
import { useNow } from '../../../shell/now'
import { counted, percent } from '../../../text/numbers'
import { HOUR, MINUTE, momentFull, saySpan } from '../../../text/time'
import { Past } from '../../objectives/past'
import { measureOf, type Measure } from './lines'

const POINTS = 400
const POINTS_NARROW = 160

export function Course({ alert }: { alert: AlertView }) {
  if (alert.source.startsWith('objective/')) return <Budget name={alert.source.slice('objective/'.length)} />
  if (alert.expr === null) return null
  if (alert.resource_id !== null) return <OfResource alert={alert} id={alert.resource_id} />
  return <Drawn alert={alert} measure={measureOf(alert)} />
}

/** An objective's alerts speak of its budget. */
function Budget({ name }: { name: string }) {
  const asked = useObjective(name)
  return <Face asked={asked} what="objective" rows={7}>{({ objective }) => <Past objective={objective} />}</Face>
}

/** A resource knows its lines, and its alerts are about a part of its limit. */
function OfResource({ alert, id }: { alert: AlertView; id: string }) {
  const asked = useResource(id)
  return (
    <Face asked={asked} what="resource" rows={7}>
      {({ thresholds }) => <Drawn alert={alert} measure={{ ...measureOf(alert), say: percent, line: lineOf(alert, thresholds) }} />}
    </Face>
  )
}

function lineOf({ severity }: AlertView, { warning, critical }: ResourceDetail['thresholds']): number {
  return severity === 'critical' ? critical : warning
}

function Drawn({ alert, measure }: { alert: AlertView; measure: Measure }) {
  const { go } = useAddress()
  const now = useNow(MINUTE / 2)
  const { left } = measure
  const end = alert.resolved_at === null ? now : Math.min(now, alert.resolved_at + HOUR / 2)
  const from = alert.active_at - HOUR
  const step = autoStep(end - from, innerWidth < 600 ? POINTS_NARROW : POINTS)
  const to = Math.ceil(end / step) * step
  const shown = useMemo(() => ({ from: to - Math.floor((to - from) / step) * step, to, step }), [from, to, step])
  const asked = useRange(left, shown)
  const changes = useMarks(shown)
  return (
    <Section title="Its course" note="from an hour before it began">
      <Face asked={asked} what="course" rows={7} empty={({ data }) => (mine(data.result, alert.labels).length === 0 ? <p>No sample of it in this time.</p> : null)}>
        {({ data }) => (
          <Lines
            {...{ alert, measure, shown }}
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

/** Series of which no label contradicts the alert's. */
function mine(result: unknown, labels: Labels): Series[] {
  const series = (Array.isArray(result) ? result : []) as Series[]
  const fitting = series.filter(({ metric }) =>
    Object.entries(metric).every(([name, value]) => name === '__name__' || labels[name] === undefined || labels[name] === value),
  )
  return fitting.slice(0, LINES_MAX)
}

type LinesProps = {
  alert: AlertView
  measure: Measure
  shown: { from: number; to: number; step: number }
  series: readonly Series[]
  changes: ReturnType<typeof useMarks>
  onZoom: (from: number, to: number) => void
}

function Lines({ alert, measure, shown, series, changes, onZoom }: LinesProps) {
  const { left, line, say, binary } = measure
  const metrics = useMemo(() => series.map(({ metric }) => metric), [series])
  const usual = useBand(series.length === 1 ? { query: left } : null, metrics[0] ?? null, shown)
  const [columns, picture] = useMemo<[Columns, Picture]>(() => {
    const own = throughout(columnsOf(series, shown.step), shown)
    const level = line === null ? [] : [own.times.map(() => line)]
    const lines = [
      ...linesOf(metrics),
      ...(line === null ? [] : [{ label: 'line', token: alert.severity === 'critical' ? 'critical' : 'warning', width: 1, dash: [5, 4], mark: 'line' }]),
    ]
    const pictured: Picture = { lines, say, binary, marks: changes.marks, began: alert.fired_at ?? alert.active_at }
    return withBand({ times: own.times, values: [...own.values, ...level] }, pictured, usual)
    // `say` is made anew at each turn and depends on nothing else.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [series, metrics, shown, line, left, usual, changes.marks, alert.severity, alert.fired_at, alert.active_at])
  const names = shortNames(metrics)
  return (
    <Figure
      title={alert.name}
      summary={`${counted(series.length, 'series', 'series')} over ${saySpan(shown.to - shown.from)}${line === null ? '' : `, the line is at ${picture.say(line)}`}.`}
      twin={() => ({
        head: ['Time', ...names],
        rows: columns.times
          .map((at, row) => [momentFull(at), ...names.map((_, column) => cell(columns.values[column]?.[row], picture.say))])
          .filter((row) => row.slice(1).some((text) => text !== '–'))
          .toReversed(),
      })}
    >
      <Chart picture={picture} columns={columns} window={shown} label={`${alert.name}, over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}

/** The same from end to end: a line holds also where there is no sample yet. */
function throughout({ times, values }: Columns, { from, to }: { from: number; to: number }): Columns {
  const before = (times[0] ?? to) > from
  const after = (times.at(-1) ?? from) < to
  const pad = <T,>(list: readonly T[], first: T, last: T) => [...(before ? [first] : []), ...list, ...(after ? [last] : [])]
  return { times: pad(times, from, to), values: values.map((column) => pad<number | null>(column, null, null)) }
}

function cell(value: number | null | undefined, said: (value: number) => string): string {
  return typeof value === 'number' ? said(value) : '–'
}
