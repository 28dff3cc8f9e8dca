// The answer to «is anything wrong», in one sentence.
import type { Overview } from '../../api/types'
import { Shape, type Mood } from '../../parts/level'
import { Since } from '../../parts/since'
import { counted } from '../../text/numbers'
import style from './overview.module.css'

export function Verdict({ overview }: { overview: Overview }) {
  const { verdict, host } = overview
  const mood: Mood = verdict.level
  return (
    <header class={style.verdict} data-mood={mood}>
      <Shape mood={mood} size={30} />
      <div>
        <h1>{verdict.text}</h1>
        <p class={style.facts}>
          <span class={style.level}>{verdict.level}</span>
          {verdict.since !== null && <Since at={verdict.since} word="since" />}
          <span>{host}</span>
          <Counts overview={overview} />
        </p>
      </div>
    </header>
  )
}

function Counts({ overview }: { overview: Overview }) {
  const { firing, pending } = overview.alerts
  const { targets_up, targets_down } = overview.watching
  return (
    <>
      <a href="/alerts">
        {firing === 0 ? 'no alert' : counted(firing, 'alert')}
        {pending > 0 && `, ${pending} pending`}
      </a>
      <a href="/resources">{counted(overview.resources.total, 'resource')}</a>
      <a href="/targets">
        {targets_down > 0
          ? `${targets_down} of ${counted(targets_up + targets_down, 'target')} down`
          : `${counted(targets_up, 'target')} up`}
      </a>
    </>
  )
}
