// Every service, the one whose line is reached first in front: what it carries, what limits it, until when, what next.
import { useAddress } from '../../../address/address'
import { useServices } from '../../../api/plan'
import { useResources } from '../../../api/queries'
import type { ServiceList, ServiceView } from '../../../api/types'
import { Empty, Face } from '../../../parts/face/face'
import { Choices, matches, WordFilter } from '../../../parts/filter'
import { Word } from '../../../parts/level'
import { Head, Section, Tools } from '../../../parts/page/page'
import { ResourceList } from '../../../parts/room/resource-list'
import { useNow } from '../../../shell/now'
import { counted, percent, say, unbroken } from '../../../text/numbers'
import { DAY, MINUTE } from '../../../text/time'
import { DateAxis, DateStrip } from '../picture/dates'
import { Hull } from '../picture/hull'
import type { Scale } from '../../../chart/drawn/scale'
import { coveredResources, STANDING_MOOD, standingOf, STANDINGS, whenOf, withoutText, worstFirst } from './standing'
import { PlanTabs } from '../tabs'
import style from './services.module.css'

const EXAMPLE = `services:
  - name: shop
    load: sum(rate(http_requests_total{job="shop"}[5m]))
    replicas: count(up{job="shop"} == 1)
    limits:
      - name: connections
        title: database connections
        used: sum(pg_stat_activity_count{datname="shop"})
        limit: '200'
        relation: held
        steps:
          - {title: pool 200 → 300, times: 1.5}`

export default function Capacity() {
  const asked = useServices()
  const all = asked.data?.services
  return (
    <>
      <Head title="Capacity" note={all && all.length > 0 && `${counted(all.length, 'service')}, the line that is reached first in front`}>
        <PlanTabs />
      </Head>
      <div class={style.all}>
        <Face asked={asked} what="services" rows={6} empty={({ services }) => (services.length === 0 ? <Nothing /> : null)}>
          {(list) => <Full list={list} />}
        </Face>
      </div>
      <Resources services={all} />
    </>
  )
}

function Nothing() {
  return (
    <Empty title="No service is declared yet" command={EXAMPLE}>
      Say in the settings which load a service carries and what can limit it. From what is recorded follow the load it bears, the limit that
      binds first, the date that is reached, and the cheapest next step:
    </Empty>
  )
}

function Full({ list: { services } }: { list: ServiceList }) {
  const { query, link } = useAddress()
  const now = useNow(MINUTE)
  const wanted = query['state']
  const found = worstFirst(services, now).filter(
    (one) => (!wanted || standingOf(one, now) === wanted) && matches(query['find'], [one.title, one.name, one.owner, one.text]),
  )
  const choices = STANDINGS.map((value) => ({
    value,
    text: value,
    mood: STANDING_MOOD[value],
    count: services.filter((one) => standingOf(one, now) === value).length,
  })).filter(({ count, value }) => count > 0 || value === wanted)
  const scale = horizonOf(services, now)
  return (
    <>
      {services.length > 1 && (
        <Tools>
          <WordFilter label="Filter services" />
          <Choices label="State" field="state" choices={[{ value: null, text: 'all', count: services.length }, ...choices]} />
        </Tools>
      )}
      {found.length === 0 ? (
        <Empty title="No service matches">
          <a href={link({ find: null, state: null })}>Show all {services.length}</a>
        </Empty>
      ) : (
        <div class={style.list}>
          <div class={style.header} aria-hidden="true">
            <span>Service</span>
            <span>Load and its line</span>
            <span>
              <DateAxis scale={scale} />
            </span>
          </div>
          <ul aria-label="Services, the first to be reached in front">
            {found.map((service) => (
              <Row key={service.name} service={service} scale={scale} now={now} />
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

/** As far ahead as any date may lie. */
function horizonOf(services: readonly ServiceView[], now: number): Scale {
  const ends = services.map(({ dates }) => dates?.horizon ?? 0)
  return { low: now, high: Math.max(now + 14 * DAY, ...ends) }
}

type RowProps = { service: ServiceView; scale: Scale; now: number }

function Row({ service, scale, now }: RowProps) {
  const { name, title, owner, load_unit, load_now, load_seen, line, share, dates } = service
  const standing = standingOf(service, now)
  const mood = STANDING_MOOD[standing]
  const when = dates && whenOf(dates.by_itself, now)
  return (
    <li class={style.row}>
      <div class={style.main}>
        <p class={style.name}>
          <a href={`/capacity/services/${encodeURIComponent(name)}`}>{title}</a>
          <Word mood={mood} word={standing} />
          <span class={style.owner}>{owner}</span>
        </p>
        <Said service={service} />
      </div>
      <div class={style.load}>
        <Hull load={load_now} seen={load_seen} line={line} mood={mood} label={`${title}: load against its line`} />
        <p class={style.small}>
          {load_now === null ? (
            'no load recorded'
          ) : line === null ? (
            `now at ${say(load_unit, load_now)}`
          ) : (
            <>
              <b>{percent(share)}</b>: {say(load_unit, load_now)} of {say(load_unit, line.mid)}
            </>
          )}
        </p>
      </div>
      <div class={style.dates}>
        {when && dates ? (
          <>
            <p class={style.when}>
              <b data-date={dates.by_itself.earliest !== null}>{unbroken(when.main)}</b> {when.range && <span>{unbroken(when.range)}</span>}
            </p>
            <DateStrip reached={dates.by_itself} scale={scale} mood={mood} launches={dates.launches} />
            <span class={style.rowAxis}>
              <DateAxis scale={scale} />
            </span>
            {standing !== 'reached' &&
              dates.launches.map((launch) => (
                <p key={launch.name} class={style.small}>
                  {sooner(when.main, whenOf(launch.reached, now).main)} if {launch.name} happens
                </p>
              ))}
          </>
        ) : (
          <p class={style.small}>{line === null ? 'no date without a line' : 'too little history for a date'}</p>
        )}
      </div>
    </li>
  )
}

function sooner(before: string, then: string): string {
  return before === then ? 'the same day' : unbroken(then)
}

/** What limits it and what to do, in sentences. */
function Said({ service }: { service: ServiceView }) {
  const { load_unit, load_seen, line, limits, binds, next, without } = service
  const first = limits.find(({ name }) => name === binds)
  if (line === null || !first) return <Unknown service={service} />
  const rival = limits.find((limit) => limit.name !== binds && limit.first >= 0.1)
  return (
    <>
      <p class={style.said}>
        Carries {first.guess && 'perhaps '}
        <b>{say(load_unit, line.mid)}</b>, limited by <b>{first.title}</b>
        {rival && ` (or ${rival.title}, ${percent(rival.first)})`}.
        {first.guess && ` Never seen above ${say(load_unit, load_seen)}: a load test would tell.`}
      </p>
      {without
        .filter(({ carries }) => !carries)
        .map((own) => (
          <p key={own.lost + own.of} class={style.warned}>
            {withoutText(own, limits)} {own.line > 0 ? `it carries only ${say(load_unit, own.line)}` : 'nothing is left'}.
          </p>
        ))}
      <p class={style.soft}>
        {next ? (
          <>
            Next: <b>{next.title}</b>, +{percent(next.gain)}, {costText(next.cost_month, next.currency)}
          </>
        ) : (
          'No next step is declared.'
        )}
      </p>
    </>
  )
}

function Unknown({ service: { limits } }: { service: ServiceView }) {
  return (
    <>
      <p class={style.said}>No telling what it carries:</p>
      <ul class={style.reasons}>
        {limits.map(({ name, title, why_not }) => (
          <li key={name}>
            <b>{title}</b>: {why_not ?? 'no load reaches its target'}
          </li>
        ))}
      </ul>
    </>
  )
}

export function costText(cost: number, currency?: string | null): string {
  if (cost === 0) return 'no cost'
  const number = Math.abs(cost).toLocaleString('en-GB', { maximumFractionDigits: 2 })
  const amount = currency ? `${number} ${currency}` : number
  return cost > 0 ? `${amount} a month` : `saves ${amount} a month`
}

/** What no service stands for, with dates of its own. */
function Resources({ services }: { services: readonly ServiceView[] | undefined }) {
  const asked = useResources()
  const { query } = useAddress()
  if (services === undefined) return null
  const covered = coveredResources(services)
  const alone = (asked.data?.resources ?? []).filter(
    ({ name, title, owner }) => !covered.has(name) && matches(query['find'], [title, name, owner]),
  )
  const sorted = alone.toSorted((one, other) => urgency(one.outlook) - urgency(other.outlook))
  const shown = sorted.slice(0, SHOWN_MAX)
  if (shown.length === 0) return null
  return (
    <Section
      title={services.length === 0 ? 'Resources' : 'Resources without a service'}
      note="the earliest date in front"
      more={<a href="/resources">{sorted.length > shown.length ? `All ${sorted.length} resources` : 'All resources'}</a>}
    >
      <ResourceList resources={shown} label="Resources without a service" />
    </Section>
  )
}

/** The rest is on the page of resources. */
const SHOWN_MAX = 12

function urgency({ kind, earliest, likely }: { kind: string; earliest: number | null; likely: number | null }): number {
  if (kind === 'now') return 0
  return likely ?? earliest ?? Number.MAX_SAFE_INTEGER
}
