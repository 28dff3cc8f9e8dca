// Every objective, worst first: how much of its budget is left, and how fast it burns.
import { useAddress } from '../../address/address'
import { useObjectives } from '../../api/objectives'
import type { ObjectiveList, ObjectiveState, ObjectiveView } from '../../api/types'
import { Empty, Face, Remarks } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { Word, type Mood } from '../../parts/level'
import { Head, Tools } from '../../parts/page/page'
import { Spark } from '../../parts/room/spark'
import { counted, digits, plain, unbroken } from '../../text/numbers'
import { BudgetBar } from './budget-bar'
import style from './objectives.module.css'

export const STATE_MOOD: Record<ObjectiveState, Mood> = {
  burning: 'critical',
  spent: 'critical',
  low: 'warning',
  silent: 'warning',
  idle: 'warning',
  waiting: 'unknown',
  fine: 'fine',
}
const STATES = Object.keys(STATE_MOOD) as ObjectiveState[]

const EXAMPLE = `objectives:
  - name: shop-answers
    good: shop_requests_total{code!~"5.."}
    total: shop_requests_total
    target: 99.9%`

export default function Objectives() {
  const asked = useObjectives()
  const all = asked.data?.objectives
  return (
    <>
      <Head title="Objectives" note={all && `${counted(all.length, 'promise')}, worst first`} />
      <Face asked={asked} what="objectives" rows={6} empty={({ objectives, troubles }) => (objectives.length + troubles.length === 0 ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="Nothing is promised yet" command={EXAMPLE}>
      An objective says which share of events must be good; its error budget, how fast that burns, and its alerts follow. Name one in the
      settings:
    </Empty>
  )
}

function Full({ list: { objectives, troubles } }: { list: ObjectiveList }) {
  const { query, link } = useAddress()
  const { state, service } = query
  const found = objectives.filter(
    (one) =>
      (!state || one.state === state) &&
      (!service || one.service === service) &&
      matches(query['find'], [one.title, one.name, one.service, one.owner, one.state, one.text]),
  )
  const choices = STATES.map((value) => ({
    value,
    text: value,
    mood: STATE_MOOD[value],
    count: objectives.filter((one) => one.state === value).length,
  })).filter(({ count, value }) => count > 0 || value === state)
  const services = [...new Set(objectives.map((one) => one.service).filter(Boolean))].toSorted()
  return (
    <>
      <Remarks label="Not counted" remarks={troubles.map(({ subject, error }) => `${subject}: ${error}`)} />
      <Tools>
        <WordFilter label="Filter objectives" />
        <Choices label="State" field="state" choices={[{ value: null, text: 'all', count: objectives.length }, ...choices]} />
        {services.length > 1 && (
          <Choices label="Service" field="service" choices={[{ value: null, text: 'every service' }, ...services.map((value) => ({ value, text: value }))]} />
        )}
      </Tools>
      {found.length === 0 ? (
        <Empty title="No objective matches">
          <a href={link({ find: null, state: null, service: null })}>Show all {objectives.length}</a>
        </Empty>
      ) : (
        <Parted objectives={found} asked={Boolean(state || query['find'])} />
      )}
    </>
  )
}

/** Those that wait for something to count stand apart: of the catalogue that is most of them. */
function Parted({ objectives, asked }: { objectives: readonly ObjectiveView[]; asked: boolean }) {
  const busy = objectives.filter(({ state }) => state !== 'waiting')
  const waiting = objectives.filter(({ state }) => state === 'waiting')
  if (asked || busy.length === 0 || waiting.length === 0) return <List objectives={objectives} label="Objectives, worst first" />
  return (
    <>
      <List objectives={busy} label="Objectives, worst first" />
      <details class={style.waiting}>
        <summary>
          <Word mood="unknown" word={counted(waiting.length, 'objective waits', 'objectives wait')} /> <span>nothing is collected yet that they count</span>
        </summary>
        <List objectives={waiting} label="Objectives that wait" />
      </details>
    </>
  )
}

function List({ objectives, label }: { objectives: readonly ObjectiveView[]; label: string }) {
  return (
    <div class={style.list}>
      <div class={style.header} aria-hidden="true">
        <span>State</span>
        <span>Objective</span>
        <span>Budget left</span>
        <span class={style.number}>Good</span>
        <span>Burns</span>
        <span>Last day</span>
      </div>
      <ul aria-label={label}>
        {objectives.map((objective) => (
          <Row key={objective.name} objective={objective} />
        ))}
      </ul>
    </div>
  )
}

function Row({ objective }: { objective: ObjectiveView }) {
  const { name, title, service, target_text, period, state, budget_left, budget_left_text, good_share, events, events_bad, text, spark } = objective
  const known = budget_left !== null
  return (
    <li class={style.row}>
      <span class={style.state}>
        <Word mood={moodOf(objective)} word={state} />
      </span>
      <span class={style.name}>
        <a href={`/objectives/${encodeURIComponent(name)}`}>{title}</a>
        <span class={style.of}>
          {[service, `${target_text} over ${period}`].filter(Boolean).join(' · ')}
        </span>
      </span>
      <span class={style.left}>
        <span class={style.bar}>
          <BudgetBar left={budget_left} mood={moodOf(objective)} label={`${title}: budget left`} />
          <b>{known ? budget_left_text : '–'}</b>
        </span>
        <span class={style.of}>
          {known && events !== null && events_bad !== null
            ? `${plain(Math.round(events_bad))} bad of ${plain(Math.round(events))}`
            : unbroken(text)}
        </span>
      </span>
      <span class={style.number} data-name="good">
        {good_share === null ? '–' : shareText(good_share)}
      </span>
      <span class={style.burn}>{burnText(objective)}</span>
      <span class={style.spark}>
        <Spark values={spark} line={0} />
      </span>
    </li>
  )
}

/** As the program judges it: one that pages nobody is less bad. */
export function moodOf({ level, state }: ObjectiveView): Mood {
  return level === 'unknown' ? STATE_MOOD[state] : level
}

/** How many times faster than allowed, over the longest of the urgent windows. */
function burnText({ burns, gone_text }: ObjectiveView): string {
  const worst = burns.find(({ too_fast }) => too_fast) ?? burns[0]
  if (!worst || worst.rate_long === null) return 'no events'
  const rate = `${digits(worst.rate_long)}×`
  return worst.too_fast && gone_text !== '' ? `${rate}, gone ${gone_text}` : `${rate} what is allowed`
}

/** Shares near one need their digits: 99.953 %. */
export function shareText(share: number): string {
  const percent = share * 100
  const decimals = percent >= 100 ? 0 : Math.min(5, Math.max(1, Math.ceil(-Math.log10(100 - percent)) + 1))
  return `${percent.toFixed(decimals)}\u00a0%`
}
