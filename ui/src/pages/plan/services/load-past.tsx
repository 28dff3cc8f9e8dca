// The load of a service over time, with its line above: how near it came, and how it grew.
import { useMemo } from 'preact/hooks'

import { useWindow } from '../../../address/address'
import { useRange, type RangeSeries } from '../../../api/prometheus'
import type { ServiceView } from '../../../api/types'
import { Chart } from '../../../chart/chart'
import { Figure } from '../../../chart/figure'
import { Marks, useMarks } from '../../../chart/marks'
import type { Columns, Picture } from '../../../chart/plot'
import { RangePicker } from '../../../chart/range/range-picker'
import { autoStep, columnsOf, shownAt, type Shown } from '../../../chart/series'
import { Empty, Face } from '../../../parts/face/face'
import { Section, Tools } from '../../../parts/page/page'
import { useNow } from '../../../shell/now'
import { say } from '../../../text/numbers'
import { DAY, momentFull, saySpan } from '../../../text/time'

const POINTS = 320
/** Long enough for the habit of a week and for growth. */
const SPAN = 30 * DAY

export function LoadPast({ service }: { service: ServiceView }) {
  const [window, setWindow] = useWindow(SPAN)
  const width = window.kind === 'moving' ? window.span : window.to - window.from
  const step = autoStep(width, POINTS)
  const now = useNow(Math.max(10_000, step / 4))
  const shown = shownAt(window, Math.ceil(now / step) * step, step)
  const asked = useRange(service.load_expr, shown)
  return (
    <Section title="Load over time">
      <Tools>
        <RangePicker window={window} onChange={setWindow} />
      </Tools>
      <Face
        asked={asked}
        what="load"
        rows={7}
        empty={({ data }) =>
          data.resultType !== 'matrix' || data.result.length !== 1 ? (
            <Empty title="No load in this time" command={`plimsoll query '${service.load_expr}'`}>
              Its expression must give one series. Zoom out with <kbd>-</kbd>, or ask it yourself:
            </Empty>
          ) : null
        }
      >
        {({ data }) => (
          <Full
            service={service}
            series={data.resultType === 'matrix' ? data.result : []}
            shown={shown}
            onZoom={(from, to) => setWindow({ kind: 'fixed', from, to })}
          />
        )}
      </Face>
    </Section>
  )
}

type Props = { service: ServiceView; series: readonly RangeSeries[]; shown: Shown; onZoom: (from: number, to: number) => void }

function Full({ service: { title, load_unit, line }, series, shown, onZoom }: Props) {
  const { from, to, step } = shown
  const past = useMemo(() => ({ from, to }), [from, to])
  const changes = useMarks(past)
  const mid = line?.mid ?? null
  const [columns, picture] = useMemo((): [Columns, Picture] => {
    const own = columnsOf(series, step)
    const load = { label: 'load', token: 'series-1' }
    const drawn = { label: 'load line', token: 'ink', dash: [6, 4], mark: 'load line' }
    const values = mid === null ? own.values : [...own.values, own.times.map(() => mid)]
    const lines = mid === null ? [load] : [load, drawn]
    return [{ times: own.times, values }, { lines, low: 0, say: (value: number) => say(load_unit, value), marks: changes.marks }]
  }, [series, step, mid, load_unit, changes.marks])
  const values = (columns.values[0] ?? []).filter((value): value is number => value !== null)
  const summary = values.length === 0 ? 'no samples' : `Highest ${say(load_unit, Math.max(...values))} in ${saySpan(to - from)}.`
  return (
    <Figure title={`Load of ${title}`} summary={summary} twin={() => twinOf(columns, load_unit)}>
      <Chart picture={picture} columns={columns} window={past} label={`Load of ${title} over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}

function twinOf({ times, values }: Columns, unit: ServiceView['load_unit']) {
  const rows = times.map((at, row) => [momentFull(at), say(unit, values[0]?.[row]), say(unit, values[1]?.[row])])
  return { head: ['Time', 'Load', 'Load line'], rows: rows.filter(([, load]) => load !== 'unknown').toReversed() }
}
