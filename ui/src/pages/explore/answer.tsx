// What a query answers: over time as lines, and at the end of the window as a table.
import { useMemo } from 'preact/hooks'

import { useRange, type RangeSeries } from '../../api/prometheus'
import { useBand, withBand } from '../../chart/band'
import { Chart } from '../../chart/chart'
import { Figure } from '../../chart/figure'
import { Marks, useMarks } from '../../chart/marks'
import type { Picture } from '../../chart/plot'
import { Empty, Face } from '../../parts/face/face'
import { counted, plain, say, unitOfMetric } from '../../text/numbers'
import { momentFull, saySpan, spanText } from '../../text/time'
import style from './explore.module.css'
import { columnsOf, LINES_MAX, linesOf, shortNames, type Shown } from '../../chart/series'
import { Wrong } from './wrong'

type Props = { query: string; shown: Shown; onZoom: (from: number, to: number) => void }

export function OverTime({ query, shown, onZoom }: Props) {
  const asked = useRange(query, shown)
  if (asked.error && asked.data === undefined) {
    return <Wrong failure={asked.error} query={query} onAgain={() => void asked.refetch()} />
  }
  return (
    <Face asked={asked} what="answer" rows={7} empty={({ data }) => (isEmpty(data.result) ? <Nothing query={query} /> : null)}>
      {({ data, warnings, infos }) => (
        <>
          {[...warnings, ...infos].map((text) => (
            <p key={text} class={style.remark} role="status">
              {text}
            </p>
          ))}
          {data.resultType === 'matrix' && <Lines query={query} series={data.result} shown={shown} onZoom={onZoom} />}
        </>
      )}
    </Face>
  )
}

function isEmpty(result: unknown): boolean {
  return Array.isArray(result) && result.length === 0
}

function Nothing({ query }: { query: string }) {
  const metric = /[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(query)?.[0] ?? 'up'
  return (
    <Empty title="The answer is empty" command={`curl -sg '${location.origin}/api/v1/series?match[]=${metric}'`}>
      The query is right, but no series matches it in this time. A label may be misspelt, or the window too narrow. This lists what
      there is:
    </Empty>
  )
}

function Lines({ query, series, shown, onZoom }: Props & { series: readonly RangeSeries[] }) {
  const drawn = useMemo(() => series.slice(0, LINES_MAX), [series])
  // Of many lines nobody sees whose band is whose.
  const usual = useBand(drawn.length === 1 ? { query } : null, drawn[0]?.metric ?? null, shown)
  const changes = useMarks(shown)
  const unit = unitOfMetric(series[0]?.metric['__name__'], query)
  const [columns, picture] = useMemo(() => {
    const own: Picture = {
      lines: linesOf(drawn.map(({ metric }) => metric)),
      say: (value, step) => (unit === 'count' ? plain(value, step) : say(unit, value, step)),
      binary: unit.startsWith('bytes'),
      marks: changes.marks,
    }
    return withBand(columnsOf(drawn, shown.step), own, usual)
  }, [drawn, shown.step, unit, usual, changes.marks])
  const names = useMemo(() => shortNames(drawn.map(({ metric }) => metric)), [drawn])
  const summary = `${counted(series.length, 'series', 'series')} over ${saySpan(shown.to - shown.from)}, a point every ${spanText(shown.step)}.${
    series.length > drawn.length ? ` The first ${drawn.length} are drawn: narrow the query, or use topk().` : ''
  }`
  return (
    <Figure
      title="Over time"
      summary={summary}
      twin={() => ({
        head: ['Time', ...names, ...(usual ? ['Usual, highest', 'Usual, lowest'] : [])],
        rows: columns.times
          .map((at, row) => [
            momentFull(at),
            ...columns.values.map((column) => {
              const value = column[row]
              return typeof value === 'number' ? picture.say(value) : '–'
            }),
          ])
          .toReversed(),
      })}
    >
      <Chart picture={picture} columns={columns} window={shown} label={`${query}, over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}
