// Changes, one line each: when, of what kind, to what, and what else is known.
import type { ChangeView } from '../../api/types'
import { useNow } from '../../shell/now'
import { moment, momentFull, MINUTE } from '../../text/time'
import style from './change-rows.module.css'

type Props = { changes: readonly ChangeView[]; label: string }

export function ChangeRows({ changes, label }: Props) {
  const now = useNow(MINUTE / 2)
  return (
    <ol class={style.changes} aria-label={label}>
      {changes.map((change) => (
        <li key={keyOf(change)}>
          <time dateTime={new Date(change.at).toISOString()} title={momentFull(change.at)}>
            {moment(change.at, now)}
          </time>
          <span class={style.kind}>{change.kind}</span>
          <span class={style.what}>
            <span>
              <b class={style.subject}>{change.subject}</b> {change.text}
            </span>
            <Known change={change} />
          </span>
        </li>
      ))}
    </ol>
  )
}

export function keyOf(change: ChangeView): string {
  return `${change.at} ${change.kind} ${change.subject} ${change.key ?? change.text}`
}

function Known({ change }: { change: ChangeView }) {
  const { service, environment, version, revision, actor, url, status, subject, source } = change
  const facts = [
    service && service !== subject ? `service ${service}` : null,
    environment ?? null,
    version ? `version ${version}` : null,
    revision ? `revision ${revision.slice(0, 12)}` : null,
    actor ? `by ${actor}` : null,
    status ? status.replaceAll('_', ' ') : null,
    source ? `told by ${source}` : null,
  ].filter((fact) => fact !== null)
  const safe = url !== undefined && /^https?:\/\//.test(url)
  if (facts.length === 0 && !safe) return null
  return (
    <span class={style.known} data-bad={status === 'failed' || status === 'rolled_back'}>
      {facts.join(' · ')}
      {safe && (
        <>
          {facts.length > 0 && ' · '}
          <a href={url} target="_blank" rel="noreferrer">
            more
          </a>
        </>
      )}
    </span>
  )
}
