// One service: its load line, until when it bears, what limits it, and what each of that was learnt from.
import { useRoute } from 'preact-iso'

import { useService } from '../../../api/plan'
import type { ReachedView, ServiceLimitView, ServiceView, TestedView, Unit } from '../../../api/types'
import { Figure, type Twin } from '../../../chart/figure'
import { Empty, Face } from '../../../parts/face/face'
import { Word } from '../../../parts/level'
import { Path, Section, Sheet, useTitle } from '../../../parts/page/page'
import { Soft, Standing as Top, Verdict } from '../../../parts/page/standing'
import { Expression, Facts as FactSheet } from '../../../parts/sheet/facts'
import { useNow } from '../../../shell/now'
import { counted, digits, percent, say, sayRange, unbroken } from '../../../text/numbers'
import { DAY, dateOnly, MINUTE } from '../../../text/time'
import { costText } from './capacity'
import { LoadPast } from './load-past'
import { usedAt } from '../picture/curve'
import { Curve } from '../picture/curve-chart'
import { DateAxis, DateStrip } from '../picture/dates'
import { Hull } from '../picture/hull'
import { Limits } from '../picture/limits'
import { Tests } from './tests'
import { limitsInOrder, STANDING_MOOD, standingOf, whenOf, withoutText } from './standing'
import curves from '../picture/curve.module.css'
import style from './services.module.css'

export default function Service() {
  const { params } = useRoute()
  const name = params['name'] ?? ''
  const asked = useService(name)
  return (
    <>
      <Path to="/capacity" list="Capacity" here={asked.data?.title ?? name} />
      <Face asked={asked} what="service" rows={8}>
        {(service) => <Full key={service.name} service={service} />}
      </Face>
    </>
  )
}

function Full({ service }: { service: ServiceView }) {
  useTitle(service.title)
  const known = limitsInOrder(service.limits).filter(({ points, points_tested }) => points.length + points_tested.length > 0)
  return (
    <>
      <Standing service={service} />
      {service.dates && <Futures service={service} />}
      {service.line && <Steps service={service} />}
      <Section title="What limits it" note="the load at which each reaches its target, and the interval it lies in nine times of ten">
        <Limits service={service} />
      </Section>
      <LoadPast service={service} />
      {known.length > 0 && (
        <Section title="How each follows load" note="what was recorded and tested, and the curve through it">
          <div class={curves.grid2}>
            {known.map((limit) => (
              <Follows key={limit.name} limit={limit} service={service} />
            ))}
          </div>
        </Section>
      )}
      <Tests service={service} />
      <Section title="What it is">
        <Facts service={service} />
      </Section>
    </>
  )
}

function Standing({ service }: { service: ServiceView }) {
  const { title, load_unit, load_now, load_seen, line, share, binds, limits, dates } = service
  const now = useNow(MINUTE)
  const standing = standingOf(service, now)
  const mood = STANDING_MOOD[standing]
  const first = limits.find(({ name }) => name === binds)
  const when = dates && whenOf(dates.by_itself, now)
  return (
    <Top title={title} words={<Word mood={mood} word={standing} />}>
      <Verdict>
        {line === null || !first ? (
          <b>No telling what it carries yet</b>
        ) : (
          <>
            Carries {first.guess && 'perhaps '}
            <b>{say(load_unit, line.mid)}</b>
            <span>
              , limited by {first.title}
              {when && ` · ${saidDate(dates.by_itself, unbroken(when.main))}`}
            </span>
          </>
        )}
      </Verdict>
      <Hull load={load_now} seen={load_seen} line={line} mood={mood} label={`${title}: load against its line`} tall />
      <p class={style.spread}>
        <span>
          {share !== null && (
            <>
              <b>{percent(share)}</b> of it:{' '}
            </>
          )}
          {load_now === null ? 'no load recorded' : `now at ${say(load_unit, load_now)}`}
        </span>
        {load_seen > 0 && (
          <span>
            highest seen{service.tested && ' or tested'} {say(load_unit, load_seen)}
          </span>
        )}
        {line && (
          <span>
            90 % sure: {line.high === null ? `${say(load_unit, line.low)} – open` : sayRange(load_unit, line.low, line.high)}
          </span>
        )}
      </p>
      {first?.guess && (
        <Soft>The line lies far beyond any load that was seen, so it is a guess. A load test up to there would tell.</Soft>
      )}
    </Top>
  )
}

function saidDate({ earliest }: ReachedView, main: string): string {
  return earliest === null || main === 'reached now' ? main : `reached ${main.startsWith('after') ? main : `around ${main}`}`
}

function Futures({ service: { dates, title } }: { service: ServiceView }) {
  const now = useNow(MINUTE)
  if (!dates) return null
  const scale = { low: now, high: Math.max(now + 14 * DAY, dates.horizon ?? 0) }
  const mood = STANDING_MOOD[dates.by_itself.earliest === null ? 'has room' : 'in sight']
  return (
    <Section
      title="When its line is reached"
      note={dates.horizon !== null && dates.chance !== null && `${dates.chance < 0.01 ? 'under 1 %' : percent(dates.chance)} likely by ${dateOnly(dates.horizon, now)}, as far as can be seen`}
    >
      <Sheet>
        <div class={style.padded}>
          <div class={style.futuresHead} aria-hidden="true">
            <span />
            <span />
            <DateAxis scale={scale} />
          </div>
          <ul class={style.futures} aria-label={`When the line of ${title} is reached`}>
            <li>
              <span>As load goes on by itself</span>
              <Date reached={dates.by_itself} now={now} />
              <DateStrip reached={dates.by_itself} scale={scale} mood={mood} />
            </li>
            {dates.launches.map((launch) => (
              <li key={launch.name}>
                <span>
                  If {launch.name} happens
                  <span class={style.block}>
                    +{percent(launch.raises)} from {dateOnly(launch.at, now)}
                  </span>
                </span>
                <Date reached={launch.reached} now={now} />
                <DateStrip reached={launch.reached} scale={scale} mood={mood} launches={[launch]} />
              </li>
            ))}
          </ul>
        </div>
      </Sheet>
    </Section>
  )
}

function Date({ reached, now }: { reached: ReachedView; now: number }) {
  const { main, range } = whenOf(reached, now)
  return (
    <span class={style.when}>
      <b data-date={reached.earliest !== null}>{unbroken(main)}</b>
      {range && <span>{unbroken(range)}</span>}
    </span>
  )
}

function Steps({ service: { next, without, tested, load_unit, load_now, limits } }: { service: ServiceView }) {
  const moved = limits.find(({ name }) => name === next?.limit)
  return (
    <div class={style.cards}>
      <section class={style.card}>
        <h2>Cheapest next step</h2>
        {next ? (
          <>
            <strong>{next.title}</strong>
            <p>
              Moves the line by +{percent(next.gain)} to {say(load_unit, next.line)}; {costText(next.cost_month, next.currency)}.
              {moved && ` More ${moved.title}.`}
            </p>
          </>
        ) : (
          <>
            <strong>None is declared</strong>
            <p>
              Write what can be done as <code>steps</code> of the limit that binds: <code>{'- {title: pool 200 → 300, times: 1.5}'}</code>
            </p>
          </>
        )}
      </section>
      <section class={style.card}>
        <h2>With one gone</h2>
        {without.length > 0 ? (
          <ul class={style.without}>
            {without.map((own) => (
              <li key={own.lost + own.of}>
                <Word mood={own.carries ? 'fine' : 'critical'} word={own.carries ? 'bears the load' : 'does not bear the load'} />
                <span>
                  {withoutText(own, limits)}: {own.line > 0 ? say(load_unit, own.line) : 'nothing is left'}
                </span>
              </li>
            ))}
            {load_now !== null && <li class={style.soft}>now at {say(load_unit, load_now)}</li>}
          </ul>
        ) : (
          <>
            <strong>Not known</strong>
            <p>
              Say how many there are as <code>replicas</code> (and <code>zones</code>), and mark limits that each instance has for itself with{' '}
              <code>each_replica: true</code>.
            </p>
          </>
        )}
      </section>
      {tested && <TestedCard tested={tested} unit={load_unit} />}
    </div>
  )
}

/** What the newest load test bore: the only thing that tells of loads nobody has seen. */
function TestedCard({ tested: { at, name, holds, breaks, limit, binds, stale, steps }, unit }: { tested: TestedView; unit: Unit }) {
  const now = useNow(MINUTE)
  return (
    <section class={style.card}>
      <h2>Load test of {dateOnly(at, now)}</h2>
      <strong>
        {holds === null ? 'Bore no load within its objectives' : `Bore ${say(unit, holds)}`}
        {breaks !== null && `, broke at ${say(unit, breaks)}`}
      </strong>
      <p>
        {name}, {counted(steps.length, 'step')}.{limit && ` What broke: ${limit}.`}
        {binds && ' The line is told by it.'}
        {stale && ' What load costs has changed since: test again.'}
      </p>
    </section>
  )
}

function Follows({ limit, service }: { limit: ServiceLimitView; service: ServiceView }) {
  const now = useNow(MINUTE)
  const { load_unit, load_now, load_seen } = service
  const change = limit.cost_change
  return (
    <Figure title={limit.title} summary={summaryOf(limit)} twin={() => twinOf(limit, service)}>
      <Curve limit={limit} loadUnit={load_unit} now={load_now} seen={load_seen} />
      {change && (
        <p class={curves.note}>
          Since {dateOnly(change.since, now)} the same load takes {factorText(change.times)}
          {change.cause ? `: ${change.cause}` : ''}.{' '}
          {change.tested ? 'A load test told so; production has been too short since to show it.' : 'The curve is learnt from what came after.'}
        </p>
      )}
      {limit.announced && (
        <p class={curves.note}>
          {limit.announced.release ? `Release ${limit.announced.release}` : 'A release that was tested'} takes {factorText(limit.announced.times)} for each
          request ({limit.announced.between.map((times) => percent(times)).join(' – ')} of what it took, 19 times of 20)
          {limit.announced.since === null ? '; the line counts with it once it is out.' : `; the line counts with it since ${dateOnly(limit.announced.since, now)}.`}
        </p>
      )}
      {limit.tested_apart !== null && (
        <p class={curves.note}>
          The load test{limit.tested_by && ` of ${dateOnly(limit.tested_by.at, now)}`} showed {digits(limit.tested_apart)} times as much use at the same load: it was of another system, or in another unit. Its
          points do not count.
        </p>
      )}
    </Figure>
  )
}

function factorText(times: number): string {
  return times >= 1 ? `${percent(times - 1)} more` : `${percent(1 - times)} less`
}

/** The shape of a curve, in words. */
const FORMS: Readonly<Record<string, string>> = {
  proportional: 'twice the load takes twice as much',
  linear: 'a straight line',
  logarithmic: 'grows more and more slowly',
  power: 'a power of the load',
  compound: 'grows by a share of itself',
  queue: 'a queue before one server',
  servers: 'a queue before several servers',
  'scaling law': 'gains less and less from more',
}

function summaryOf({ form, explained, points, points_tested, guess }: ServiceLimitView): string {
  const parts = [
    explained === null ? '' : `load explains ${percent(explained)} of it`,
    form === null ? '' : (FORMS[form] ?? form),
    counted(points.length, 'point'),
    points_tested.length > 0 ? `${counted(points_tested.length, 'point')} of load tests` : '',
    guess ? 'its line lies far beyond them' : '',
  ]
  return parts.filter(Boolean).join(', ')
}

const TWIN_ROWS = 20

function twinOf({ curve, unit, limit, target }: ServiceLimitView, { load_unit }: ServiceView): Twin {
  const every = Math.max(1, Math.floor(curve.length / TWIN_ROWS))
  const rows = curve.filter((_, index) => index % every === every - 1).map(([load]) => {
    const used = usedAt(curve, load)
    return [say(load_unit, load), say(unit, used), limit === null || used === null ? '–' : percent(used / limit), limit === null || used === null ? '–' : percent(used / (limit * target))]
  })
  return { head: ['Load', 'Use', 'Of the limit', 'Of the target'], rows }
}

function Facts({ service }: { service: ServiceView }) {
  if (service.limits.length === 0) return <Empty title="Nothing limits it">Write its limits in the settings.</Empty>
  return (
    <FactSheet>
      <dt>Owner</dt>
      <dd>{service.owner}</dd>
      <dt>Load</dt>
      <dd>
        <Expression text={service.load_expr} />
      </dd>
      {service.limits.map((limit) => [
        <dt key={limit.name}>{limit.title}</dt>,
        <dd key={`${limit.name} of`}>
          <Expression text={limit.used_expr} />
          <Expression text={`of ${limit.limit_expr}`} query={limit.limit_expr} />
        </dd>,
      ])}
    </FactSheet>
  )
}
