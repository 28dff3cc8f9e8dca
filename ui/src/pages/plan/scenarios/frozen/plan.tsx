// One plan that was frozen, beside what happened: is it going as planned, and where not.
import { useRoute } from 'preact-iso'

import { usePlan } from '../../../../api/plan'
import type { PlanView, TrackView, Unit } from '../../../../api/types'
import { Empty, Face } from '../../../../parts/face/face'
import { Word, type Mood } from '../../../../parts/level'
import { Path, Section, useTitle } from '../../../../parts/page/page'
import { Soft, Standing, Verdict } from '../../../../parts/page/standing'
import { useNow } from '../../../../shell/now'
import { percent, say, sayRange, unbroken } from '../../../../text/numbers'
import { MINUTE, momentFull } from '../../../../text/time'
import { Bases } from '../basis'
import { dayText, monthOf, monthText } from '../compare'
import { Fan } from '../picture/fan'
import style from './frozen.module.css'

export default function Plan() {
  const { params } = useRoute()
  const name = params['name'] ?? ''
  const asked = usePlan(name)
  return (
    <>
      <Path to="/capacity/scenarios" list="Scenarios" here={name} />
      <Face asked={asked} what="plan" rows={8}>
        {(plan) => <Full key={plan.name} plan={plan} />}
      </Face>
    </>
  )
}

const STATES: Record<string, { mood: Mood; text: string }> = {
  as_planned: { mood: 'fine', text: 'as planned' },
  above: { mood: 'warning', text: 'above the plan' },
  below: { mood: 'notice', text: 'below the plan' },
  unknown: { mood: 'unknown', text: 'not measured' },
}

function Full({ plan }: { plan: PlanView }) {
  const { name, frozen_at, by, note, text, drivers, resources, outcome, scenario } = plan
  useTitle(`Plan ${name}`)
  const now = useNow(MINUTE)
  const compared = [{ name, outcome }]
  const unitOf = (own: string): Unit => outcome.resources.find((resource) => resource.name === own)?.unit ?? 'count'
  const titleOf = (own: string) => outcome.resources.find((resource) => resource.name === own)?.title ?? own
  return (
    <>
      <Standing title={name} words={<Word mood="info" word="frozen" />}>
        <Verdict>{unbroken(text.charAt(0).toUpperCase() + text.slice(1))}</Verdict>
        <Soft>
          Frozen {momentFull(frozen_at)} by {by}
          {note && `: ${note}`}
        </Soft>
      </Standing>
      <Section title="Beside what happened">
        {resources.length + drivers.length === 0 ? (
          <Empty title="The plan has nothing to look at">Its scenario names neither figures nor resources.</Empty>
        ) : (
          <ul class={style.tracks} aria-label="Beside what happened">
            {resources.map((track) => (
              <Track key={track.name} track={track} title={titleOf(track.name)} unit={unitOf(track.name)} />
            ))}
            {drivers.map((track) => (
              <Track key={`driver ${track.name}`} track={track} title={track.name} unit="count" />
            ))}
          </ul>
        )}
      </Section>
      {outcome.resources.map((resource) => (
        <Section key={resource.name} title={`${resource.title}, as it was planned`}>
          <Fan compared={compared} resource={resource.name} seen={seenOf(resources.find((track) => track.name === resource.name), now)} />
        </Section>
      ))}
      <Bases outcomes={[outcome]} />
      <Section title="The scenario, as it was frozen">
        <pre class={style.text}>{scenario}</pre>
      </Section>
    </>
  )
}

/** What was seen of each month that is over, and of this one so far. */
function seenOf(track: TrackView | undefined, now: number): Map<number, number> {
  const seen = new Map<number, number>()
  for (const month of track?.months ?? []) if (month.seen !== null) seen.set(monthOf(month.end), month.seen)
  const today = new Date(now)
  const current = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 1)
  if (track && track.now !== null) seen.set(current, track.now)
  return seen
}

function Track({ track, title, unit }: { track: TrackView; title: string; unit: Unit }) {
  const { state, text, is_measured, now, off, months, order_by, order_passed } = track
  const said = STATES[state] ?? { mood: 'unknown' as const, text: state }
  return (
    <li>
      <p class={style.line}>
        <Word mood={said.mood} word={state === 'as_planned' ? text : said.text} />
        <b>{title}</b>
        <span>
          {now === null
            ? is_measured
              ? 'no value now'
              : 'the scenario does not say how it is measured: write an expression as «measured»'
            : `now ${say(unit, now)}${off === null ? '' : `, ${percent(Math.abs(off))} ${off < 0 ? 'below' : 'above'} the middle of the plan`}`}
        </span>
        {order_by !== null && (
          <Word mood={order_passed ? 'warning' : 'fine'} word={order_passed ? `was to be ordered by ${dayText(order_by)}` : `order by ${dayText(order_by)}`} />
        )}
      </p>
      {months.length > 0 && (
        <ul class={style.months} aria-label={`Months of ${title}`}>
          {months.map(({ end, planned, seen, within }) => (
            <li key={end}>
              <span>{monthText(monthOf(end))}</span>
              <span>
                planned {say(unit, planned.p50)} ({sayRange(unit, planned.p10, planned.p90)})
              </span>
              <span>{seen === null ? 'not seen' : `seen ${say(unit, seen)}`}</span>
              {within !== null && <Word mood={within ? 'fine' : 'warning'} word={within ? 'within' : 'outside'} />}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
