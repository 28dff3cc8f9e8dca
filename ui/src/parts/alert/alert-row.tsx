// One alert: how bad, what, since when; open for its labels, words and evidence.
import { useState } from 'preact/hooks'

import { patched } from '../../address/window'
import type { AlertView } from '../../api/types'
import { matchersOf, matchersText } from '../../text/matchers'
import { plain, unbroken } from '../../text/numbers'
import { alertMood, Word } from '../level'
import { labelLine, Labels, saidIn } from '../labels'
import { Since } from '../since'
import style from './alert-row.module.css'
import { evidenceOf, makerOf, pageOf } from './evidence'
import { Quiet } from './quiet'

type Props = {
  alert: AlertView
  open?: boolean
  /** Labels that say nothing here: a heading has them. Among them is `alertname` where it has the name. */
  common?: readonly string[]
}

const NONE: readonly string[] = []
/** What the name, the sentence or the shape says; of resources and objectives the sentence begins with their title. */
const SAID: readonly string[] = ['alertname', 'severity', 'resource', 'objective']

export function AlertRow({ alert, open = false, common = NONE }: Props) {
  const { severity, state } = alert
  // What is closed is not drawn: there may be a thousand of them.
  const [shown, setShown] = useState(open)
  const word = state === 'firing' ? severity : state
  const own = ownOf(alert, common)
  const name = alert.summary || (common.includes('alertname') && own) || alert.name
  return (
    <li class={style.row} data-mood={alertMood(state, severity)} id={`alert-${alert.id}`}>
      <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
        <summary>
          <span class={style.word}>
            <Word mood={alertMood(state, severity)} word={word} />
          </span>
          <span class={style.summary}>
            {unbroken(name)} {own !== '' && own !== name && <span class={style.own}>{own}</span>}
            {state === 'firing' && !alert.told && <span class={style.quiet}> on these pages only</span>}
            {state === 'firing' && alert.quiet_because.length > 0 && <span class={style.quiet}> kept quiet</span>}
          </span>
          <span class={style.since}>
            <When alert={alert} />
          </span>
        </summary>
        {shown && <More alert={alert} />}
      </details>
      <a class={style.evidence} href={pageOf(alert.id)} aria-label={`Open ${name}`}>
        Open
      </a>
    </li>
  )
}

/** Its name and labels, as far as its sentence or a heading does not say them. */
function ownOf({ name, summary, labels }: AlertView, common: readonly string[]): string {
  const own = labelLine(labels, [...SAID, ...saidIn(summary, labels), ...common])
  return [summary && !common.includes('alertname') ? name : '', own].filter(Boolean).join(' · ')
}

function More({ alert }: { alert: AlertView }) {
  const evidence = evidenceOf(alert)
  const maker = makerOf(alert)
  return (
    <div class={style.more}>
      {alert.description && <p>{unbroken(alert.description)}</p>}
      <Quiet reasons={alert.quiet_because} />
      <Labels labels={alert.labels} />
      <p class={style.links}>
        {alert.value !== null && <span>value {plain(alert.value)}</span>}
        <a href={pageOf(alert.id)}>History and who was told</a>
        {evidence && evidence.to !== maker?.to && <a href={evidence.to}>Evidence</a>}
        {maker && <a href={maker.to}>{maker.word}</a>}
        {alert.state !== 'resolved' && <a href={silenceOf(alert)}>Silence</a>}
      </p>
    </div>
  )
}

/** The form for a silence that matches this alert and no other. */
export function silenceOf({ labels }: Pick<AlertView, 'labels'>, span: string | null = null): string {
  return patched('/silences/new', {}, { matchers: matchersText(matchersOf(labels)), for: span })
}

export function When({ alert }: { alert: AlertView }) {
  if (alert.state === 'resolved' && alert.resolved_at !== null) return <Since at={alert.resolved_at} word="ended" />
  return <Since at={alert.fired_at ?? alert.active_at} word="since" />
}
