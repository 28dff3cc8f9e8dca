// One alert: how bad, what, since when; open for its labels, words and evidence.
import type { AlertView } from '../../api/types'
import { unbroken } from '../../text/numbers'
import { evidenceOf } from './evidence'
import { alertMood, Word } from '../level'
import { Labels } from '../labels'
import style from './alert-row.module.css'
import { Since } from '../since'

export function AlertRow({ alert, open = false }: { alert: AlertView; open?: boolean }) {
  const { severity, state } = alert
  const evidence = evidenceOf(alert)
  const word = state === 'firing' ? severity : state
  return (
    <li class={style.row} data-mood={alertMood(state, severity)} id={`alert-${alert.id}`}>
      <details open={open}>
        <summary>
          <span class={style.word}>
            <Word mood={alertMood(state, severity)} word={word} />
          </span>
          <span class={style.summary}>
            {unbroken(alert.summary || alert.name)}
            {state === 'firing' && !alert.told && <span class={style.quiet}> on these pages only</span>}
          </span>
          <span class={style.since}>
            <When alert={alert} />
          </span>
        </summary>
        <div class={style.more}>
          {alert.description && <p>{alert.description}</p>}
          <Labels labels={alert.labels} />
          {alert.expr && <pre class={style.expr}>{alert.expr}</pre>}
        </div>
      </details>
      {evidence && (
        <a class={style.evidence} href={evidence.to} aria-label={`Evidence for ${alert.summary || alert.name}`}>
          Evidence
        </a>
      )}
    </li>
  )
}

function When({ alert }: { alert: AlertView }) {
  if (alert.state === 'resolved' && alert.resolved_at !== null) return <Since at={alert.resolved_at} word="ended" />
  return <Since at={alert.fired_at ?? alert.active_at} word="since" />
}
