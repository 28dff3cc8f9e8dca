// One objective: what is promised, what is left, how fast it burns, and which requests cost it.
import { useRoute } from 'preact-iso'

import { useObjective } from '../../api/objectives'
import type { BurnView, ObjectiveDetail, ObjectiveView } from '../../api/types'
import { AlertList } from '../../parts/alert/alert-list'
import { Empty, Face } from '../../parts/face/face'
import { Word } from '../../parts/level'
import { Pair, Path, Section, useTitle } from '../../parts/page/page'
import { Advice, Soft, Standing as Top, Verdict } from '../../parts/page/standing'
import { Expression, Facts as FactSheet } from '../../parts/sheet/facts'
import { Table } from '../../parts/sheet/table'
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
      <Path to="/objectives" list="Objectives" here={asked.data?.objective.title ?? name} />
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
      <Pair>
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
      </Pair>
    </>
  )
}

/** What the figures above say already. */
const SAID: ReadonlySet<string> = new Set(['fine', 'low', 'burning'])

function Standing({ objective }: { objective: ObjectiveView }) {
  const { title, state, text, target_text, period, budget_left, budget_left_text, events, events_bad, good_share, gone_at, gone_text, policy } = objective
  return (
    <Top title={title} words={<Word mood={moodOf(objective)} word={state} />}>
      <Verdict>
        {budget_left === null ? (
          unbroken(text)
        ) : (
          <>
            <b>{budget_left_text}</b> of its budget left
            {gone_at !== null && gone_text !== '' && <span> · gone {unbroken(gone_text)} at this pace</span>}
          </>
        )}
      </Verdict>
      <BudgetBar left={budget_left} mood={moodOf(objective)} label={`${title}: budget left`} tall />
      <Soft>
        {good_share !== null && events !== null && events_bad !== null && (
          <>
            <b>{shareText(good_share)}</b> good where {target_text} is promised over {period}: {plain(Math.round(events_bad))} bad of{' '}
            {counted(Math.round(events), 'event')}.{' '}
          </>
        )}
        {budget_left !== null && !SAID.has(state) && text}
        {policy === 'freeze' && ' Releases should wait.'}
        {policy === 'warn' && ' Releases should be small.'}
      </Soft>
      {objective.reason && <Advice>{objective.reason}</Advice>}
    </Top>
  )
}

function Burns({ burns }: { burns: readonly BurnView[] }) {
  if (burns.length === 0) return <Empty title="Not counted yet">The first figures come a minute after the start.</Empty>
  return (
    <Table label="How fast the budget burns" caption="How fast the budget burns, by window">
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
                {burn.rate_long === null && burn.rate_short === null ? (
                  <span class={style.soft}>no events</span>
                ) : (
                  <>
                    <b>{rateText(burn.rate_long)}</b> <span class={style.soft}>and {rateText(burn.rate_short)}</span>
                  </>
                )}
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
                ) : burn.rate_long === null ? (
                  <Word mood="unknown" word="not known" />
                ) : (
                  <Word mood="fine" word="fine" />
                )}
              </td>
            </tr>
          ))}
        </tbody>
    </Table>
  )
}

function rateText(rate: number | null): string {
  return rate === null ? 'no events' : `${digits(rate)}×`
}

const TESTS: Record<string, string> = { below: 'below', at_most: 'at most', at_least: 'at least', above: 'above' }

function Facts({ detail: { objective, exprs, test, line_text } }: { detail: ObjectiveDetail }) {
  const { service, owner, target_text, period, period_from, covered_ms, counted_at, alerts } = objective
  return (
    <FactSheet>
      <dt>Promise</dt>
      <dd>
        {target_text} over {period}
        {test && line_text && `, good is ${TESTS[test] ?? test} ${line_text}`}
      </dd>
      {Object.entries(exprs).map(([name, expr]) => (
        <>
          <dt>{name.charAt(0).toUpperCase() + name.slice(1)}</dt>
          <dd>
            <Expression text={expr} />
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
            {covered_ms !== null && `, ${covered_ms < 60_000 ? 'nothing' : saySpan(covered_ms)} of it known`}
          </dd>
        </>
      )}
      {counted_at !== null && (
        <>
          <dt>Counted</dt>
          <dd>up to {momentFull(counted_at)}</dd>
        </>
      )}
    </FactSheet>
  )
}
