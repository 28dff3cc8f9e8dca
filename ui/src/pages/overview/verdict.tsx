// The answer to «is anything wrong», in one sentence.
import type { Overview } from '../../api/types'
import { Shape, type Mood } from '../../parts/level'
import { Since } from '../../parts/since'
import { counted, unbroken } from '../../text/numbers'
import style from './overview.module.css'

export function Verdict({ overview }: { overview: Overview }) {
  const { verdict, host } = overview
  const mood: Mood = verdict.level
  return (
    <header class={style.verdict} data-mood={mood}>
      <Shape mood={mood} size={30} />
      <div>
        <Sentence text={unbroken(verdict.text)} />
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

/** The answer itself, then softer what stands behind it. */
function Sentence({ text }: { text: string }) {
  const cut = text.indexOf(': ')
  if (cut < 0) return <h1>{text}</h1>
  return (
    <h1>
      {text.slice(0, cut + 1)} <span class={style.behind}>{text.slice(cut + 2)}</span>
    </h1>
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
