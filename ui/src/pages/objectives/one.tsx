// One objective: what is promised, what is left, how fast it burns, and which requests cost it.
import { useRoute } from 'preact-iso'

import { patched } from '../../address/window'
import { useObjective } from '../../api/objectives'
import type { BurnView, ObjectiveDetail, ObjectiveView } from '../../api/types'
import { AlertList } from '../../parts/alert/alert-list'
import { Empty, Face } from '../../parts/face/face'
import { Word } from '../../parts/level'
import { Section, useTitle } from '../../parts/page'
import { Chevron } from '../../shell/icons'
import { counted, digits, plain, unbroken, whole } from '../../text/numbers'
import { momentFull, saySpan } from '../../text/time'
import { BudgetBar } from './budget-bar'
import { Costs } from './costs'
import { Past } from './past'
import { moodOf, shareText } from './objectives'
import style from './objectives.module.css'

export default function Objective() {
  const { params } = useRoute()
  const name = params['name'] ?? ''
  const asked = useObjective(name)
  return (
    <>
      <nav class={style.path} aria-label="Where this is">
        <a href="/objectives">Objectives</a>
        <Chevron />
        <span aria-current="page">{asked.data?.objective.title ?? name}</span>
      </nav>
      <Face asked={asked} what="objective" rows={8}>
        {(detail) => <Full key={detail.objective.name} detail={detail} />}
      </Face>
    </>
  )
}

function Full({ detail }: { detail: ObjectiveDetail }) {
  const { objective, alerts } = detail
  useTitle(objective.title)
  return (
    <>
      <Standing objective={objective} />
      <Past objective={objective} />
      <Section title="How fast it burns" note="so many times what the period allows">
        <Burns burns={objective.burns} />
      </Section>
      <Costs name={objective.name} exprs={detail.exprs} />
      <div class={style.pair}>
        <Section title="Alerts">
          {alerts.length === 0 ? (
            <Empty title="No alert">One comes when the budget burns too fast in both windows of a pair.</Empty>
          ) : (
            <AlertList alerts={alerts} label="Alerts of this objective" />
          )}
        </Section>
        <Section title="What it is">
          <Facts detail={detail} />
        </Section>
      </div>
    </>
  )
}

/** What the figures above say already. */
const SAID: ReadonlySet<string> = new Set(['fine', 'low', 'burning'])

function Standing({ objective }: { objective: ObjectiveView }) {
  const { title, state, text, target_text, period, budget_left, budget_left_text, events, events_bad, good_share, gone_at, gone_text, policy } = objective
  return (
    <header class={style.top}>
      <div class={style.title}>
        <h1>{title}</h1>
        <Word mood={moodOf(objective)} word={state} />
      </div>
      <p class={style.verdict}>
        {budget_left === null ? (
          unbroken(text)
        ) : (
          <>
            <b>{budget_left_text}</b> of its budget left
            {gone_at !== null && gone_text !== '' && <span class={style.soft}> · gone {unbroken(gone_text)} at this pace</span>}
          </>
        )}
      </p>
      <BudgetBar left={budget_left} mood={moodOf(objective)} label={`${title}: budget left`} tall />
      <p class={style.soft}>
        {good_share !== null && events !== null && events_bad !== null && (
          <>
            <b>{shareText(good_share)}</b> good where {target_text} is promised over {period}: {plain(Math.round(events_bad))} bad of{' '}
            {counted(Math.round(events), 'event')}.{' '}
          </>
        )}
        {budget_left !== null && !SAID.has(state) && text}
        {policy === 'freeze' && ' Releases should wait.'}
        {policy === 'warn' && ' Releases should be small.'}
      </p>
      {objective.reason && <p class={style.advice}>{objective.reason}</p>}
    </header>
  )
}

function Burns({ burns }: { burns: readonly BurnView[] }) {
  if (burns.length === 0) return <Empty title="Not counted yet">The first figures come a minute after the start.</Empty>
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div class={style.table} role="region" aria-label="How fast the budget burns" tabIndex={0}>
      <table>
        <caption class="unseen">How fast the budget burns, by window</caption>
        <thead>
          <tr>
            <th scope="col">Window</th>
            <th scope="col">Burns</th>
            <th scope="col">Too fast from</th>
            <th scope="col">Bad events</th>
            <th scope="col">Then</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {burns.map((burn) => (
            <tr key={burn.windows_text + burn.severity}>
              <td>{burn.windows_text}</td>
              <td>
                <b>{rateText(burn.rate_long)}</b> <span class={style.soft}>and {rateText(burn.rate_short)}</span>
              </td>
              <td>{digits(burn.factor)}×</td>
              <td>
                {plain(Math.round(burn.events_bad))} of {whole(burn.events)}
              </td>
              <td>{burn.severity}</td>
              <td>
                {burn.too_fast ? (
                  <Word mood={burn.severity === 'page' ? 'critical' : 'warning'} word="too fast" />
                ) : (burn.rate_long ?? 0) >= burn.factor && !burn.sure ? (
                  <Word mood="unknown" word="too few events to be sure" />
                ) : (
                  <Word mood="fine" word="fine" />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function rateText(rate: number | null): string {
  return rate === null ? 'no events' : `${digits(rate)}×`
}

const TESTS: Record<string, string> = { below: 'below', at_most: 'at most', at_least: 'at least', above: 'above' }

function Facts({ detail: { objective, exprs, test, line_text } }: { detail: ObjectiveDetail }) {
  const { service, owner, target_text, period, period_from, covered_ms, counted_at, alerts } = objective
  return (
    <dl class={style.facts}>
      <dt>Promise</dt>
      <dd>
        {target_text} over {period}
        {test && line_text && `, good is ${TESTS[test] ?? test} ${line_text}`}
      </dd>
      {Object.entries(exprs).map(([name, expr]) => (
        <>
          <dt>{name.charAt(0).toUpperCase() + name.slice(1)}</dt>
          <dd>
            <code>{expr}</code> <a href={patched('/explore', {}, { query: expr })}>Explore</a>
          </dd>
        </>
      ))}
      <dt>Service</dt>
      <dd>{service || 'none named'}</dd>
      <dt>Owner</dt>
      <dd>{owner || 'nobody'}</dd>
      <dt>Alerts</dt>
      <dd>{alerts === 'none' ? 'none: it is shown only' : `up to a ${alerts}`}</dd>
      {period_from !== null && (
        <>
          <dt>Period</dt>
          <dd>
            since {momentFull(period_from)}
            {covered_ms !== null && `, ${saySpan(covered_ms)} of it known`}
          </dd>
        </>
      )}
      {counted_at !== null && (
        <>
          <dt>Counted</dt>
          <dd>up to {momentFull(counted_at)}</dd>
        </>
      )}
    </dl>
  )
}
