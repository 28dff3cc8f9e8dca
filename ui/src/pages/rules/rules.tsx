// Every rule: whether it is evaluated, what it costs, what it says now.
import type { JSX } from 'preact'

import { useAddress } from '../../address/address'
import { useRules } from '../../api/queries'
import type { RuleCostView, RuleGroupList, RuleGroupView, RuleView } from '../../api/types'
import { Empty, Face, Remarks } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import type { Mood } from '../../parts/level'
import { Head, Section, Tools } from '../../parts/page/page'
import { counted, digits, percent, whole } from '../../text/numbers'
import { momentFull, saySpan } from '../../text/time'
import { RuleRow } from './rule-row'
import style from './rules.module.css'

/** Groups of thousands of rules are narrowed by words; so many are drawn at once. */
const DRAWN_MAX = 400

export default function Rules() {
  const asked = useRules()
  const data = asked.data
  const failing = data?.groups.flatMap(({ rules }) => rules).filter(({ health }) => health === 'failing').length ?? 0
  return (
    <>
      <Head title="Rules" note={data && `${counted(data.rules, 'rule')}, ${failing === 0 ? 'none failing' : `${failing} failing`}`} />
      <Face asked={asked} what="rules" rows={10} empty={({ rules, refused_because }) => (rules === 0 && refused_because === null ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="No rule file is named" command={'rule_files:\n  - rules/*.yaml'}>
      Resources and objectives raise alerts by themselves. Rule files of Prometheus add more; name them in the settings:
    </Empty>
  )
}

type State = 'firing' | 'pending' | 'failing' | 'alert' | 'record'

const IS: Record<State, (rule: RuleView) => boolean> = {
  failing: ({ health }) => health === 'failing',
  firing: ({ firing }) => firing > 0,
  pending: ({ pending }) => pending > 0,
  alert: ({ kind }) => kind === 'alert',
  record: ({ kind }) => kind === 'record',
}
const SAID: Record<State, string> = { failing: 'failing', firing: 'firing', pending: 'pending', alert: 'alerting', record: 'recording' }
/** Orders in which the dearest come first; the rules then stand together, without their groups. */
type Order = 'cost' | 'took'
const ORDERS: Record<Order, { said: string; by: (rule: RuleView) => number }> = {
  cost: { said: 'dearest first', by: ({ cost }) => cost.core_share },
  took: { said: 'slowest first', by: ({ seconds }) => seconds },
}
const MOODS: Partial<Record<State, Mood>> = { failing: 'critical', firing: 'warning', pending: 'pending' }

type Shown = { key: string; title: string; note: JSX.Element | string; rules: readonly RuleView[] }

function Full({ list }: { list: RuleGroupList }) {
  const { query, link } = useAddress()
  const state = isState(query['state']) ? query['state'] : null
  const order = query['order'] === 'cost' || query['order'] === 'took' ? query['order'] : null
  const all = list.groups.flatMap(({ rules }) => rules)
  const one = query['rule'] ?? query['source']
  const wanted = (group: RuleGroupView, rule: RuleView) =>
    (state === null || IS[state](rule)) &&
    (!one || rule.id === one || rule.source === one) &&
    matches(query['find'], [rule.name, rule.expr, rule.error ?? '', group.name, group.file, ...Object.values(rule.labels), ...Object.values(rule.annotations)])
  const found = list.groups.map((group) => ({ group, rules: group.rules.filter((rule) => wanted(group, rule)) }))
  const shown = drawn(order === null ? inGroups(found) : inOrder(found, order))
  const count = found.reduce((sum, { rules }) => sum + rules.length, 0)
  const choices = (Object.keys(IS) as State[])
    .map((value) => ({ value, text: SAID[value], count: all.filter(IS[value]).length, mood: MOODS[value] }))
    .filter((choice) => choice.count > 0 || choice.value === state)
  return (
    <>
      <Remarks
        label="Not taken"
        remarks={list.refused_because === null ? [] : [`${list.refused_because}. The rules are those of ${list.read_at === null ? 'before' : momentFull(list.read_at)}`]}
      />
      <Cost cost={list.cost} rules={all} />
      <Tools>
        <WordFilter label="Filter rules" />
        <Choices label="State" field="state" choices={[{ value: null, text: 'all', count: all.length }, ...choices]} />
        {all.length > 1 && !one && (
          <span class={style.order}>
            <Choices label="Order" field="order" choices={[{ value: null, text: 'by group' }, { value: 'cost', text: ORDERS.cost.said }, { value: 'took', text: ORDERS.took.said }]} />
          </span>
        )}
      </Tools>
      {count === 0 && (
        <Empty title={one ? 'That rule is not there any more' : 'No rule matches'}>
          <a href={link({ find: null, state: null, rule: null, source: null })}>Show all {all.length}</a>
        </Empty>
      )}
      {one && count > 0 && (
        <p class={style.only}>
          Only one rule is shown. <a href={link({ rule: null, source: null })}>Show all {all.length}</a>
        </p>
      )}
      {shown.map(({ key, title, note, rules }) => (
        <Section key={key} title={title} note={note}>
          <div class={style.list}>
            <div class={style.header} aria-hidden="true">
              <span>Health</span>
              <span>Rule</span>
              <span class={style.number}>Alerts</span>
              <span class={style.number}>Evaluated</span>
              <span class={style.number}>Took</span>
              <span class={style.number}>Of a core</span>
            </div>
            <ul aria-label={`Rules of ${title}`}>
              {rules.map((rule) => (
                <RuleRow key={rule.id} rule={rule} open={rule.id === one || rule.source === one} />
              ))}
            </ul>
          </div>
        </Section>
      ))}
      {count + list.left_out > DRAWN_MAX && (
        <p class={style.only}>
          The first {DRAWN_MAX} of {whole(count + list.left_out)} are shown; narrow them by a word.
        </p>
      )}
    </>
  )
}

type Found = readonly { group: RuleGroupView; rules: readonly RuleView[] }[]

function inGroups(found: Found): Shown[] {
  return found
    .filter(({ rules }) => rules.length > 0)
    .map(({ group, rules }) => ({ key: `${group.file} ${group.name}`, title: group.name, note: <GroupNote group={group} />, rules }))
}

function inOrder(found: Found, order: Order): Shown[] {
  const { said, by } = ORDERS[order]
  const rules = found.flatMap((own) => own.rules).toSorted((one, other) => by(other) - by(one))
  return rules.length === 0 ? [] : [{ key: order, title: 'all groups', note: said, rules }]
}

/** No more than can be drawn. */
function drawn(groups: readonly Shown[]): Shown[] {
  let left = DRAWN_MAX
  return groups.flatMap((group) => {
    const rules = group.rules.slice(0, Math.max(0, left))
    left -= rules.length
    return rules.length === 0 ? [] : [Object.assign({}, group, { rules })]
  })
}

function isState(text: string | undefined): text is State {
  return text !== undefined && Object.hasOwn(IS, text)
}

function GroupNote({ group }: { group: RuleGroupView }) {
  const { file, interval_ms, cost } = group
  return (
    <>
      every {saySpan(interval_ms)} · {coreText(cost.core_share)}
      {cost.missed > 0 && (
        <>
          {' '}
          · <span class={style.missed}>{counted(cost.missed, 'missed tick')}</span>
        </>
      )}{' '}
      · <span class={style.file}>{file}</span>
    </>
  )
}

/** What all rules cost, in the figures that say whether there are too many. */
function Cost({ cost, rules }: { cost: RuleCostView; rules: readonly RuleView[] }) {
  // Groups count their rounds; what a person asks for is how often a rule was evaluated, and in vain.
  const evaluations = rules.reduce((sum, own) => sum + own.cost.evaluations, 0)
  const failures = rules.reduce((sum, own) => sum + own.cost.failures, 0)
  const seconds = rules.reduce((sum, own) => sum + (own.cost.seconds_mean ?? 0) * own.cost.evaluations, 0)
  return (
    <dl class={style.cost}>
      <Figure name="Of one core" value={percent(cost.core_share)} />
      <Figure name="One evaluation" value={evaluations === 0 ? 'none yet' : secondsText(seconds / evaluations)} />
      <Figure name={`Evaluations in ${saySpan(cost.over_ms)}`} value={whole(evaluations)} />
      <Figure name="Failed" value={whole(failures)} bad={failures > 0} />
      <Figure name="Missed ticks" value={whole(cost.missed)} bad={cost.missed > 0} />
    </dl>
  )
}

function Figure({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div data-bad={bad}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function coreText(share: number): string {
  return `${percent(share)} of a core`
}

export function secondsText(seconds: number): string {
  return seconds < 0.001 ? `${digits(seconds * 1e6)}\u00a0µs` : seconds < 1 ? `${digits(seconds * 1000)}\u00a0ms` : `${digits(seconds)}\u00a0s`
}
