// One rule: how it goes; open for its expression, its words and what it would have done.
import { useState } from 'preact/hooks'

import { patched } from '../../address/window'
import type { Labels, RuleHealth, RuleView } from '../../api/types'
import { Word, type Mood } from '../../parts/level'
import { useNow } from '../../shell/now'
import { counted, percent, whole } from '../../text/numbers'
import { ago, momentFull, saySpan } from '../../text/time'
import { Replay } from './replay'
import { secondsText } from './rules'
import style from './rules.module.css'

const HEALTH: Record<RuleHealth, { mood: Mood; word: string }> = {
  ok: { mood: 'fine', word: 'ok' },
  failing: { mood: 'critical', word: 'failing' },
  unknown: { mood: 'unknown', word: 'not yet' },
}

export function RuleRow({ rule, open }: { rule: RuleView; open: boolean }) {
  const { name, kind, health, error, firing, pending, evaluated_at, seconds, labels, cost } = rule
  // What is closed is not drawn: there may be hundreds of them.
  const [shown, setShown] = useState(open)
  const now = useNow(5_000)
  const { mood, word } = HEALTH[health]
  return (
    <li class={style.row} data-health={health} id={`rule-${rule.id}`}>
      <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
        <summary>
          <Word mood={mood} word={word} />
          <span class={style.name}>
            {name} {kind === 'record' && <span class={style.kind}>records</span>}
          </span>
          <span class={style.number} data-name="alerts">
            {firing > 0 && <Word mood={moodOf(labels)} word={`${whole(firing)} firing`} />}
            {firing === 0 && (pending > 0 ? `${pending} pending` : kind === 'alert' ? 'none' : '')}
          </span>
          <span class={style.number} data-name="evaluated">
            {evaluated_at === null ? (
              'not yet'
            ) : (
              <time dateTime={new Date(evaluated_at).toISOString()} title={momentFull(evaluated_at)}>
                {ago(evaluated_at, now)}
              </time>
            )}
          </span>
          <span class={style.number} data-name="took">
            {evaluated_at === null ? '–' : secondsText(seconds)}
          </span>
          <span class={style.number} data-name="cost">
            {cost.evaluations === 0 ? '–' : costText(cost.core_share)}
          </span>
          {error && (
            <span class={style.error}>
              <span class="unseen">Error: </span>
              {error}
            </span>
          )}
        </summary>
        {shown && <More rule={rule} />}
      </details>
    </li>
  )
}

/** As its alerts will be judged; one that says nothing is a warning. */
function moodOf({ severity = '' }: Labels): Mood {
  if (CRITICAL.has(severity)) return 'critical'
  return severity === 'info' || severity === 'none' ? 'info' : 'warning'
}

const CRITICAL: ReadonlySet<string> = new Set(['critical', 'page', 'error', 'high', 'emergency'])

/** Of hundreds of rules most cost hardly anything. */
function costText(share: number): string {
  return share > 0 && share < 0.0001 ? '< 0.01\u00a0%' : percent(share)
}

function More({ rule }: { rule: RuleView }) {
  const { id, name, kind, expr, for_ms, keep_firing_for_ms, labels, annotations, cost, failures, firing, pending } = rule
  return (
    <div class={style.more}>
      <pre class={style.expr}>{expr}</pre>
      <dl class={style.facts}>
        {kind === 'alert' && (
          <>
            <dt>Held for</dt>
            <dd>
              {for_ms === 0 ? 'fires at once' : saySpan(for_ms)}
              {keep_firing_for_ms > 0 && `, stays ${saySpan(keep_firing_for_ms)} after`}
            </dd>
          </>
        )}
        <Pairs name="Labels" pairs={labels} />
        <Pairs name="Annotations" pairs={annotations} />
        <dt>Cost</dt>
        <dd>
          {costText(cost.core_share)} of a core: {counted(cost.evaluations, 'evaluation')} in {saySpan(cost.over_ms)}
          {cost.failures > 0 && `, ${whole(cost.failures)} failed`}
          {failures > 0 && `, the last ${whole(failures)} in a row`}
        </dd>
      </dl>
      <p class={style.links}>
        <a href={patched('/explore', {}, { query: kind === 'record' ? name : expr })}>Explore</a>
        {firing + pending > 0 && <a href={patched('/alerts', {}, { find: name })}>{counted(firing + pending, 'alert')}</a>}
        <a href={patched('/rules', {}, { rule: id })}>Link to it</a>
      </p>
      {kind === 'alert' && <Replay id={id} />}
    </div>
  )
}

function Pairs({ name, pairs }: { name: string; pairs: Labels }) {
  const all = Object.entries(pairs)
  if (all.length === 0) return null
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {all.map(([key, value]) => (
          <div key={key}>
            <b>{key}</b> {value}
          </div>
        ))}
      </dd>
    </>
  )
}
