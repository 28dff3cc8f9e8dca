// What scenarios come to, side by side: when each resource is short, its months, what sways it, and what all costs.
import { useAddress } from '../../../address/address'
import type { OutcomeView, ResourceOutcomeView, Unit } from '../../../api/types'
import { Empty } from '../../../parts/face/face'
import { Word } from '../../../parts/level'
import { Choices } from '../../../parts/filter'
import { Section } from '../../../parts/page/page'
import { Table } from '../../../parts/sheet/table'
import { useNow } from '../../../shell/now'
import { percent, say } from '../../../text/numbers'
import { MINUTE } from '../../../text/time'
import { Benefits } from '../worth/benefits'
import { Bases } from './basis'
import { Fan, tokenOf } from './picture/fan'
import { Tornado } from './picture/tornado'
import { costAt, costSum, dayText, demandAt, moneyText, monthNamed, monthsOf, monthText, resourceOf, resourcesOf } from './compare'
import style from './scenarios.module.css'

export type Compared = { name: string; outcome: OutcomeView; old: boolean }

export function Comparison({ compared }: { compared: readonly Compared[] }) {
  const { query } = useAddress()
  const outcomes = compared.map(({ outcome }) => outcome)
  const resources = resourcesOf(outcomes)
  const chosen = resources.find(({ name }) => name === query['of']) ?? resources[0]
  if (compared.length === 0) return null
  if (!chosen) {
    return <Empty title="This scenario needs nothing">Write under <code>resources</code> what the figures use and how much of it there is.</Empty>
  }
  return (
    <>
      <Section title="What is short, and when" note="half of all draws; one in ten; the last day to order">
        <Short compared={compared} resources={resources} />
      </Section>
      <Worth compared={compared} />
      <Section
        title={`Use of ${chosen.title}`}
        more={
          resources.length > 1 && (
            <Choices
              label="Resource"
              field="of"
              choices={resources.map(({ name, title }, index) => ({ value: index === 0 ? null : name, text: title }))}
            />
          )
        }
      >
        <Fan compared={compared} resource={chosen.name} />
      </Section>
      <Bases outcomes={outcomes} />
      <Section title="Month by month" note={`${chosen.title} at the end of each month; half of all draws lie below P50, nine of ten below P90`}>
        <Months compared={compared} resource={chosen.name} />
      </Section>
      <Section
        title="What sways it most"
        note={`${resources[0]?.title ?? ''} in the last month, each thing low and high, and its share of the uncertainty`}
      >
        <div class={style.pair}>
          {compared.map((own) => (
            <Tornado key={own.name} name={own.name} outcome={own.outcome} beside={outcomes} />
          ))}
        </div>
      </Section>
    </>
  )
}

/** Where the scenario says what a month above a limit costs, and what can be bought against it. */
function Worth({ compared }: { compared: readonly Compared[] }) {
  const weighed = compared.flatMap(({ outcome }) =>
    outcome.resources.flatMap(({ title, benefit }) =>
      benefit ? [{ name: title, of: compared.length > 1 ? outcome.name : undefined, benefit, currency: outcome.money }] : [],
    ),
  )
  if (weighed.length === 0) return null
  return (
    <Section title="What buying in time is worth" note="beside buying nothing; all in money of today">
      <Benefits label="What buying in time is worth" weighed={weighed} nothing="Buying nothing" instead="Buying in time" />
    </Section>
  )
}

function Names({ compared }: { compared: readonly Compared[] }) {
  return compared.map(({ name, outcome }, index) => (
    <th key={name} scope="col">
      <i class={style.swatch} style={{ background: `var(--${tokenOf(index)})` }} /> {outcome.name}
    </th>
  ))
}

type ShortProps = { compared: readonly Compared[]; resources: readonly { name: string; title: string }[] }

function Short({ compared, resources }: ShortProps) {
  return (
    <Table label="What is short, and when" caption="What is short, and when, by scenario">
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <Names compared={compared} />
          </tr>
        </thead>
        <tbody>
          {resources.map(({ name, title }) => (
            <tr key={name}>
              <th scope="row">{title}</th>
              {compared.map((own) => (
                <td key={own.name} data-old={own.old}>
                  <When outcome={own.outcome} resource={resourceOf(own.outcome, name)} />
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">Cost of all months</th>
            {compared.map(({ name, outcome, old }) => (
              <td key={name} data-old={old}>
                <b>{moneyText(costSum(outcome), outcome.money)}</b>
              </td>
            ))}
          </tr>
        </tbody>
    </Table>
  )
}

function When({ outcome, resource }: { outcome: OutcomeView; resource: ResourceOutcomeView | null }) {
  const now = useNow(MINUTE)
  if (!resource) return <span class={style.soft}>not in it</span>
  const half = monthNamed(outcome, resource.reached_p50)
  const tenth = monthNamed(outcome, resource.reached_p90)
  const last = resource.months.at(-1)
  if (!tenth) {
    return (
      <span class={style.when}>
        <Word mood="fine" word="enough" />
        <span>{last ? percent(Math.round(last.chance * 100) / 100) : 'not'} likely to be short</span>
      </span>
    )
  }
  const late = resource.order_by !== null && resource.order_by <= now
  return (
    <span class={style.when}>
      <b>{half ?? 'after the end'}</b>
      <span>one in ten: {tenth}</span>
      {resource.order_by !== null &&
        (late ? <Word mood="warning" word={`order now: due ${dayText(resource.order_by)}`} /> : <span>order by {dayText(resource.order_by)}</span>)}
    </span>
  )
}

function Months({ compared, resource }: { compared: readonly Compared[]; resource: string }) {
  const months = monthsOf(compared.map(({ outcome }) => outcome))
  return (
    <Table label="Month by month" caption="Use, what is missing, how likely, and cost, by month and scenario" figures still tight={compared.length > 1}>
        <thead>
          {compared.length > 1 && (
            <tr>
              <td>
                <span class="unseen">Scenario</span>
              </td>
              {compared.map(({ name, outcome }, index) => (
                <th key={name} scope="colgroup" colSpan={COLUMNS.length + 1} data-words data-group={index > 0}>
                  <i class={style.swatch} style={{ background: `var(--${tokenOf(index)})` }} /> {outcome.name}
                </th>
              ))}
            </tr>
          )}
          <tr>
            <th scope="col">Month</th>
            {compared.map(({ name, outcome }, index) =>
              [...COLUMNS, `Cost${outcome.money && `, ${outcome.money}`}`].map((column, at) => (
                <th key={name + column} scope="col" data-group={at === 0 && index > 0}>
                  {column}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {months.map((month) => (
            <tr key={month}>
              <th scope="row">{monthText(month)}</th>
              {compared.map((own, index) => (
                <Cells key={own.name} compared={own} resource={resource} month={month} grouped={index > 0} />
              ))}
            </tr>
          ))}
        </tbody>
    </Table>
  )
}

const COLUMNS = ['P50', 'P90', 'Missing', 'Chance'] as const

type CellsProps = { compared: Compared; resource: string; month: number; grouped: boolean }

function Cells({ compared: { outcome, old }, resource, month, grouped }: CellsProps) {
  const demand = demandAt(outcome, resource, month)
  const cost = costAt(outcome, month)
  const unit: Unit = resourceOf(outcome, resource)?.unit ?? 'count'
  if (!demand) {
    return (
      <td colSpan={COLUMNS.length + 1} data-group={grouped}>
        –
      </td>
    )
  }
  return (
    <>
      <td data-old={old} data-group={grouped}>
        {say(unit, demand.demand.p50)}
      </td>
      <td data-old={old}>{say(unit, demand.demand.p90)}</td>
      <td data-old={old} data-short={demand.gap_p90 > 0}>
        {demand.gap_p90 > 0 ? say(unit, demand.gap_p90) : '–'}
      </td>
      <td data-old={old} data-short={demand.chance >= 0.5}>
        {percent(Math.round(demand.chance * 100) / 100)}
      </td>
      <td data-old={old}>{cost ? moneyText(cost.p50, '') : '–'}</td>
    </>
  )
}
