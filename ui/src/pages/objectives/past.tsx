// The budget over time, or how fast it burned, and what changed meanwhile.
import { useMemo } from 'preact/hooks'

import { useAddress, useWindow } from '../../address/address'
import { bounds, PRESETS } from '../../address/window'
import { useObjectiveHistory } from '../../api/objectives'
import type { ObjectiveHistory, ObjectiveView } from '../../api/types'
import { Chart } from '../../chart/chart'
import { Figure } from '../../chart/figure'
import { Marks, useMarks } from '../../chart/marks'
import type { Columns, Picture } from '../../chart/plot'
import { RangePicker } from '../../chart/range/range-picker'
import { Empty, Face } from '../../parts/face/face'
import { Choices } from '../../parts/filter'
import { Section, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { digits, percent, plain } from '../../text/numbers'
import { DAY, HOUR, MINUTE, momentFull, saySpan } from '../../text/time'
import { burned } from './burned'

const POINTS = 480
const POINTS_NARROW = 200
/** A rate needs some events in each of its steps. */
const RATE_POINTS = 120

type Shown = 'budget' | 'burn'

export function Past({ objective }: { objective: ObjectiveView }) {
  const { query } = useAddress()
  const shown: Shown = query['figure'] === 'burn' ? 'burn' : 'budget'
  const [window, setWindow] = useWindow(spanFor(objective.covered_ms))
  const now = useNow(MINUTE)
  const { from, to } = bounds(window, Math.ceil(now / MINUTE) * MINUTE)
  const points = shown === 'burn' ? RATE_POINTS : innerWidth < 600 ? POINTS_NARROW : POINTS
  const asked = useObjectiveHistory(objective.name, { from, to, points })
  return (
    <Section
      title={shown === 'burn' ? 'How fast it burned' : 'Budget over time'}
      more={
        <Choices
          label="What is drawn"
          field="figure"
          choices={[
            { value: null, text: 'budget left' },
            { value: 'burn', text: 'burn rate' },
          ]}
        />
      }
    >
      <Tools>
        <RangePicker window={window} onChange={setWindow} />
      </Tools>
      <Face
        asked={asked}
        what="history"
        rows={7}
        empty={({ budget_left }) => (budget_left.every((value) => value === null) ? <Nothing /> : null)}
      >
        {(history) => <Drawn {...{ objective, history, shown }} onZoom={(start, end) => setWindow({ kind: 'fixed', from: start, to: end })} />}
      </Face>
    </Section>
  )
}

function Nothing() {
  return (
    <Empty title="Nothing was counted in this time">
      Zoom out with <kbd>-</kbd>, or see among <a href="/targets">targets</a> whether what it counts is collected.
    </Empty>
  )
}

/** The smallest span offered that holds what is known of the period. */
function spanFor(covered: number | null): number {
  const wanted = Math.min(30 * DAY, Math.max(HOUR, covered ?? DAY))
  return PRESETS.find(({ span }) => span >= wanted)?.span ?? 30 * DAY
}

type DrawnProps = { objective: ObjectiveView; history: ObjectiveHistory; shown: Shown; onZoom: (from: number, to: number) => void }

function Drawn({ objective, history, shown, onZoom }: DrawnProps) {
  const window = useMemo(() => ({ from: history.from, to: Math.max(history.to, history.from + 1) }), [history.from, history.to])
  const changes = useMarks(window)
  const rates = useMemo(() => burned(history, objective.target), [history, objective.target])
  const columns = useMemo<Columns>(() => {
    const level = (value: number) => history.times.map(() => value)
    return { times: history.times, values: shown === 'burn' ? [rates, level(1)] : [history.budget_left, level(0.25), level(0)] }
  }, [history, rates, shown])
  const picture = useMemo<Picture>(() => ({ ...(shown === 'burn' ? BURN : BUDGET), marks: changes.marks }), [changes.marks, shown])
  const what = shown === 'burn' ? 'burn rate' : 'budget left'
  return (
    <Figure
      title={objective.title}
      summary={summaryOf(history)}
      twin={() => ({
        head: ['Until', 'Budget left', 'Burn rate', 'Bad events', 'Events'],
        rows: history.times
          .map((at, row) => [
            momentFull(at),
            cell(history.budget_left[row], percent),
            cell(rates[row], times),
            cell(history.events_bad[row], plain),
            cell(history.events[row], plain),
          ])
          .toReversed(),
      })}
    >
      <Chart picture={picture} columns={columns} window={window} label={`${objective.title}, ${what} over time`} onZoom={onZoom} />
      <Marks changes={changes} />
    </Figure>
  )
}

const times = (rate: number, step?: number) => `${digits(rate, step)}×`

const BUDGET: Picture = {
  lines: [
    { label: 'budget left', token: 'series-1', width: 2 },
    { label: 'a quarter', token: 'warning', width: 1, dash: [5, 4], mark: '25 %' },
    { label: 'nothing left', token: 'critical', width: 1, dash: [5, 4], mark: '0 %' },
  ],
  say: percent,
  high: 1,
}

const BURN: Picture = {
  lines: [
    { label: 'burn rate', token: 'series-1', width: 2 },
    { label: 'what the period allows', token: 'warning', width: 1, dash: [5, 4], mark: 'allowed' },
  ],
  say: times,
  low: 0,
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
