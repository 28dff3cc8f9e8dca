// The load tests that a service's line counts with, the newest first.
import { useServiceTests } from '../../../api/plan'
import type { TestList, TestView, ServiceView } from '../../../api/types'
import { Empty, Face } from '../../../parts/face/face'
import { Section } from '../../../parts/page/page'
import { Table } from '../../../parts/sheet/table'
import { useNow } from '../../../shell/now'
import { counted, percent, say } from '../../../text/numbers'
import { MINUTE, moment } from '../../../text/time'
import style from './services.module.css'

/** More than these nobody looks through here. */
const SHOWN_MAX = 12

export function Tests({ service }: { service: ServiceView }) {
  const { name } = service
  const asked = useServiceTests(name)
  return (
    <Section title="Its load tests" note={asked.data && asked.data.tests.length > 1 && 'the newest first'} more={<a href={`/load?find=${encodeURIComponent(name)}`}>Its load runs</a>}>
      <Face asked={asked} what="load tests" rows={2} empty={({ tests }) => (tests.length === 0 ? <Nothing name={name} /> : null)}>
        {(list) => <Full list={list} service={service} />}
      </Face>
    </Section>
  )
}

function Nothing({ name }: { name: string }) {
  return (
    <Empty title="No load test counts for it yet" command={`plimsoll load capacity plan.yaml --service ${name} --send ${location.origin}`}>
      A search for its capacity tells what production never showed. Its points then count beside those that were recorded:
    </Empty>
  )
}

function Full({ list: { tests }, service: { title, load_unit, limits } }: { list: TestList; service: ServiceView }) {
  const now = useNow(MINUTE)
  const titleOf = (own: string) => limits.find((limit) => limit.name === own)?.title ?? own
  return (
    <Table label={`Load tests of ${title}`}>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Came to</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {tests.slice(0, SHOWN_MAX).map((test) => (
          <tr key={test.id}>
            <th scope="row">{moment(test.at, now)}</th>
            <td>
              {test.sort === 'capacity' ? `search ${test.name}` : 'what each request takes'}
              {test.release && <span class={style.block}>release {test.release}</span>}
            </td>
            <td>
              {test.sort === 'capacity' ? bracketText(test, load_unit) : test.resources.map((own) => <span key={own.limit} class={style.line}>{costText(own, titleOf)}</span>)}
            </td>
            <td>{test.by || '–'}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

function bracketText({ holds, breaks, limit }: TestView, unit: ServiceView['load_unit']): string {
  const parts = [
    holds === null ? 'bore no load within its objectives' : `bore ${say(unit, holds)}`,
    breaks === null ? '' : `broke at ${say(unit, breaks)}`,
    limit === null ? '' : `first ${limit}`,
  ]
  return parts.filter(Boolean).join(', ')
}

function costText({ limit, points, difference, between, changed }: TestView['resources'][number], titleOf: (name: string) => string): string {
  const counts = points > 0 ? `, ${counted(points, 'point')}` : ''
  if (difference === null) return `${titleOf(limit)}${counts}`
  const range = between === null ? '' : ` (${signed(between[0])} to ${signed(between[1])})`
  return `${titleOf(limit)}: ${changed ? `${signed(difference)}${range}` : `not surely changed${range}`}${counts}`
}

function signed(part: number): string {
  return `${part < 0 ? '−' : '+'}${percent(Math.abs(part))}`
}
