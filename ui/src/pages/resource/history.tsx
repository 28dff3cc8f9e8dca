// The chart of one resource: what was used, the limit and its lines, and what is expected.
import { useMemo } from 'preact/hooks'

import { useAddress, useWindow } from '../../address/address'
import { bounds, writeWindow } from '../../address/window'
import { useHistory } from '../../api/queries'
import type { ResourceDetail, ResourceHistory } from '../../api/types'
import { useBand, withBand } from '../../chart/band'
import { Chart } from '../../chart/chart'
import { Figure, type Twin } from '../../chart/figure'
import { Marks, useMarks } from '../../chart/marks'
import type { Columns } from '../../chart/plot'
import { RangePicker } from '../../chart/range/range-picker'
import { Empty, Face } from '../../parts/face/face'
import { Section, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { percent, say } from '../../text/numbers'
import { MINUTE, momentFull, saySpan } from '../../text/time'
import { columnsOf, limitFits, pictureOf } from './columns'
import style from './resource.module.css'

/** As many points as a screen can show apart. */
const POINTS = 480
const POINTS_NARROW = 220

export function History({ resource, span }: { resource: ResourceDetail; span: number }) {
  const [window, setWindow] = useWindow(span)
  const width = window.kind === 'moving' ? window.span : window.to - window.from
  const period = Math.min(5 * MINUTE, Math.max(5_000, width / 300))
  const now = useNow(period)
  const { from, to } = bounds(window, Math.ceil(now / period) * period)
  const points = innerWidth < 600 ? POINTS_NARROW : POINTS
  const asked = useHistory(resource.id, { from, to, points }, `${from} ${to}`)

  return (
    <Section title="History and forecast" more={<Copy from={from} to={to} />}>
      <Tools>
        <RangePicker window={window} onChange={setWindow} />
      </Tools>
      <Face
        asked={asked}
        what="history"
        rows={7}
        empty={(history) => (history.used.every((value) => value === null) ? <Nothing resource={resource} /> : null)}
      >
        {(history) => (
          <Full
            resource={resource}
            history={history}
            now={now}
            moving={window.kind === 'moving'}
            onZoom={(start, end) => setWindow({ kind: 'fixed', from: start, to: end })}
          />
        )}
      </Face>
    </Section>
  )
}

function Nothing({ resource }: { resource: ResourceDetail }) {
  return (
    <Empty title="No samples in this time" command={`plimsoll query '${resource.used_expr}'`}>
      Zoom out with <kbd>-</kbd>, or ask the expression itself:
    </Empty>
  )
}

type FullProps = {
  resource: ResourceDetail
  history: ResourceHistory
  now: number
  moving: boolean
  onZoom: (from: number, to: number) => void
}

function Full({ resource, history, now, moving, onZoom }: FullProps) {
  const { query, link } = useAddress()
  const ahead = query['ahead'] !== 'no'
  const whole = query['scale'] ? query['scale'] === 'limit' : limitFits(resource)
  const forecast = ahead ? resource.forecast : null
  const span = history.to - history.from
  const end = forecast?.kind === 'ready' ? Math.min(span, (forecast.points.at(-1)?.[0] ?? now) - now) : 0
  const until = moving ? history.to + Math.max(0, end) : history.to

  const shown = useMemo(() => ({ from: history.from, to: until }), [history.from, until])
  const past = useMemo(() => ({ from: history.from, to: history.to }), [history.from, history.to])
  const usual = useBand({ resource: resource.id }, null, past)
  const changes = useMarks(past)
  const [columns, picture] = useMemo(() => {
    const own = columnsOf(history, forecast, resource.thresholds, until)
    return withBand(own, { ...pictureOf({ resource, columns: own, whole, now }), marks: changes.marks }, usual)
  }, [history, forecast, resource, until, whole, now, usual, changes.marks])

  return (
    <Figure
      title={resource.title}
      summary={summaryOf(resource, history)}
      twin={() => twinOf(resource, columns)}
      tools={
        <>
          <a class={style.toggle} href={link({ scale: whole ? 'used' : 'limit' })}>
            {whole ? 'Fit to used' : 'Show limit'}
          </a>
          {resource.forecast.kind === 'ready' && (
            <a class={style.toggle} href={link({ ahead: ahead ? 'no' : null })}>
              {ahead ? 'Without forecast' : 'With forecast'}
            </a>
          )}
        </>
      }
    >
      <Chart picture={picture} columns={columns} window={shown} label={`${resource.title}, used over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}

function summaryOf({ unit }: ResourceDetail, history: ResourceHistory): string {
  const known = history.used.filter((value): value is number => value !== null)
  const first = known[0]
  const last = known.at(-1)
  if (first === undefined || last === undefined) return 'no samples'
  const lows = history.used_min.filter((value): value is number => value !== null)
  const highs = history.used_max.filter((value): value is number => value !== null)
  const low = Math.min(...known, ...lows)
  const high = Math.max(...known, ...highs)
  return `From ${say(unit, first)} to ${say(unit, last)} in ${saySpan(history.to - history.from)}; lowest ${say(unit, low)}, highest ${say(unit, high)}.`
}

function twinOf({ unit }: ResourceDetail, columns: Columns): Twin {
  const cell = (column: number, row: number) => {
    const value = columns.values[column]?.[row]
    return typeof value === 'number' ? say(unit, value) : '–'
  }
  const rows = columns.times.map((at, row) => {
    const used = columns.values[0]?.[row] ?? columns.values[6]?.[row]
    const limit = columns.values[3]?.[row]
    const share = typeof used === 'number' && typeof limit === 'number' && limit > 0 ? percent(used / limit) : '–'
    return [momentFull(at), cell(0, row), cell(2, row), cell(1, row), cell(3, row), share, cell(6, row), cell(8, row), cell(7, row), cell(10, row), cell(9, row)]
  })
  const filled = rows.filter((row) => row.slice(1).some((text) => text !== '–'))
  return {
    head: ['Time', 'Used', 'Lowest', 'Highest', 'Limit', 'Share', 'Expected', 'At least', 'At most', 'Usual, lowest', 'Usual, highest'],
    rows: filled.toReversed(),
  }
}

/** Shares what is seen now: the moving window with its ends fixed. */
function Copy({ from, to }: { from: number; to: number }) {
  const { link } = useAddress()
  return <a href={link(writeWindow({ kind: 'fixed', from, to }))}>Hold this window</a>
}
