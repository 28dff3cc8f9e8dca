// One alert: how bad, what, since when; open for its labels, words and evidence.
import { patched } from '../../address/window'
import type { AlertView } from '../../api/types'
import { matchersOf, matchersText } from '../../text/matchers'
import { plain, unbroken } from '../../text/numbers'
import { alertMood, Word } from '../level'
import { Labels } from '../labels'
import { Since } from '../since'
import style from './alert-row.module.css'
import { evidenceOf, pageOf } from './evidence'
import { Quiet } from './quiet'

type Props = {
  alert: AlertView
  open?: boolean
  /** What stands in place of its summary: beside others of its name, what tells it from them. */
  title?: string | undefined
}

export function AlertRow({ alert, open = false, title }: Props) {
  const { severity, state } = alert
  const evidence = evidenceOf(alert)
  const word = state === 'firing' ? severity : state
  const name = alert.summary || alert.name
  return (
    <li class={style.row} data-mood={alertMood(state, severity)} id={`alert-${alert.id}`}>
      <details open={open}>
        <summary>
          <span class={style.word}>
            <Word mood={alertMood(state, severity)} word={word} />
          </span>
          <span class={style.summary}>
            {unbroken(title ?? name)}
            {state === 'firing' && !alert.told && <span class={style.quiet}> on these pages only</span>}
            {state === 'firing' && alert.quiet_because.length > 0 && <span class={style.quiet}> kept quiet</span>}
          </span>
          <span class={style.since}>
            <When alert={alert} />
          </span>
        </summary>
        <div class={style.more}>
          {title !== undefined && alert.summary && <p>{unbroken(alert.summary)}</p>}
          {alert.description && <p>{alert.description}</p>}
          <Quiet reasons={alert.quiet_because} />
          <Labels labels={alert.labels} />
          <p class={style.links}>
            {alert.value !== null && <span>value {plain(alert.value)}</span>}
            <a href={pageOf(alert.id)}>History and who was told</a>
            {evidence && <a href={evidence.to}>Evidence</a>}
            {state !== 'resolved' && <a href={silenceOf(alert)}>Silence</a>}
          </p>
        </div>
      </details>
      <a class={style.evidence} href={pageOf(alert.id)} aria-label={`Open ${name}`}>
        Open
      </a>
    </li>
  )
}

/** The form for a silence that matches this alert and no other. */
export function silenceOf({ labels }: Pick<AlertView, 'labels'>): string {
  return patched('/silences/new', {}, { matchers: matchersText(matchersOf(labels)) })
}

export function When({ alert }: { alert: AlertView }) {
  if (alert.state === 'resolved' && alert.resolved_at !== null) return <Since at={alert.resolved_at} word="ended" />
  return <Since at={alert.fired_at ?? alert.active_at} word="since" />
}
