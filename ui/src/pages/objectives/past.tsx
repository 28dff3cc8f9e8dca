// The budget over time, and the bad events that spent it.
import { useMemo } from 'preact/hooks'

import { useWindow } from '../../address/address'
import { bounds } from '../../address/window'
import { useObjectiveHistory } from '../../api/objectives'
import type { ObjectiveHistory, ObjectiveView } from '../../api/types'
import { Chart } from '../../chart/chart'
import { Figure } from '../../chart/figure'
import { Marks, useMarks } from '../../chart/marks'
import type { Columns, Picture } from '../../chart/plot'
import { RangePicker } from '../../chart/range-picker'
import { Face } from '../../parts/face/face'
import { Section, Tools } from '../../parts/page'
import { useNow } from '../../shell/now'
import { percent, plain } from '../../text/numbers'
import { DAY, MINUTE, momentFull, saySpan } from '../../text/time'

const POINTS = 480
const POINTS_NARROW = 200

export function Past({ objective }: { objective: ObjectiveView }) {
  const [window, setWindow] = useWindow(Math.min(30 * DAY, Math.max(DAY, objective.covered_ms ?? DAY)))
  const now = useNow(MINUTE)
  const { from, to } = bounds(window, Math.ceil(now / MINUTE) * MINUTE)
  const asked = useObjectiveHistory(objective.name, { from, to, points: innerWidth < 600 ? POINTS_NARROW : POINTS })
  return (
    <Section title="Budget over time">
      <Tools>
        <RangePicker window={window} onChange={setWindow} />
      </Tools>
      <Face
        asked={asked}
        what="history"
        rows={7}
        empty={({ budget_left }) => (budget_left.every((value) => value === null) ? <p>Nothing was counted in this time. Zoom out with <kbd>-</kbd>.</p> : null)}
      >
        {(history) => <Drawn objective={objective} history={history} onZoom={(start, end) => setWindow({ kind: 'fixed', from: start, to: end })} />}
      </Face>
    </Section>
  )
}

type DrawnProps = { objective: ObjectiveView; history: ObjectiveHistory; onZoom: (from: number, to: number) => void }

function Drawn({ objective, history, onZoom }: DrawnProps) {
  const shown = useMemo(() => ({ from: history.from, to: Math.max(history.to, history.from + 1) }), [history.from, history.to])
  const changes = useMarks(shown)
  const columns = useMemo<Columns>(
    () => ({
      times: history.times,
      values: [history.budget_left, history.times.map(() => 0.25), history.times.map(() => 0)],
    }),
    [history],
  )
  const picture = useMemo<Picture>(
    () => ({
      lines: [
        { label: 'budget left', token: 'series-1', width: 2 },
        { label: 'a quarter', token: 'warning', width: 1, dash: [5, 4], mark: '25 %' },
        { label: 'nothing left', token: 'critical', width: 1, dash: [5, 4], mark: '0 %' },
      ],
      say: (value) => percent(value),
      high: 1,
      marks: changes.marks,
    }),
    [changes.marks],
  )
  return (
    <Figure
      title={objective.title}
      summary={summaryOf(history)}
      twin={() => ({
        head: ['Until', 'Budget left', 'Bad events', 'Events'],
        rows: history.times
          .map((at, row) => [momentFull(at), cell(history.budget_left[row], percent), cell(history.events_bad[row], plain), cell(history.events[row], plain)])
          .toReversed(),
      })}
    >
      <Chart picture={picture} columns={columns} window={shown} label={`${objective.title}, budget left over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}

function summaryOf({ budget_left, events_bad, from, to }: ObjectiveHistory): string {
  const known = budget_left.filter((value): value is number => value !== null)
  const first = known[0]
  const last = known.at(-1)
  if (first === undefined || last === undefined) return 'nothing counted'
  const bad = events_bad.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  return `From ${percent(first)} to ${percent(last)} in ${saySpan(to - from)}; ${plain(Math.round(bad))} bad events.`
}

function cell(value: number | null | undefined, said: (value: number) => string): string {
  return typeof value === 'number' ? said(value) : '–'
}
