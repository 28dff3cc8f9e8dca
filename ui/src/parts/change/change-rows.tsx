// Changes, one line each: when, of what kind, to what, and what else is known.
import type { ChangeView } from '../../api/types'
import { useNow } from '../../shell/now'
import { clock, moment, momentFull, MINUTE, saySpan } from '../../text/time'
import { quoted } from '../../text/numbers'
import { pageOf } from '../alert/evidence'
import { Word } from '../level'
import style from './change-rows.module.css'

type Props = {
  changes: readonly ChangeView[]
  label: string
  /** A moment the changes are looked at from: each says how long before it was. */
  before?: number | undefined
  /** Whether the day stands above them already. */
  day?: boolean
}

export function ChangeRows({ changes, label, before, day = false }: Props) {
  const now = useNow(MINUTE / 2)
  return (
    <div class={style.changes}>
      <ol aria-label={label}>
        {changes.map((change) => (
          <li key={keyOf(change)}>
            <time dateTime={new Date(change.at).toISOString()} title={momentFull(change.at)}>
              {day ? clock(change.at) : moment(change.at, now)}
              {before !== undefined && change.at <= before && <span class={style.before}>{saySpan(before - change.at)} before</span>}
            </time>
            <span class={style.kind}>{change.kind}</span>
            <span class={style.what}>
              <span>
                <Subject change={change} /> {quoted(change.text)}
              </span>
              <Known change={change} />
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

export function keyOf(change: ChangeView): string {
  return `${change.at} ${change.kind} ${change.subject} ${change.key ?? change.text}`
}

/** An alert leads to its page. */
function Subject({ change: { kind, subject, key } }: { change: ChangeView }) {
  if (kind === 'alert' && key && /^[0-9a-f]{16}$/.test(key)) {
    return (
      <a class={style.subject} href={pageOf(key)}>
        {subject}
      </a>
    )
  }
  return <b class={style.subject}>{subject}</b>
}

const WENT_WRONG: Record<string, string> = { failed: 'failed', rolled_back: 'rolled back' }

/** What the sentence does not say already. */
function Known({ change }: { change: ChangeView }) {
  const { service, environment, version, revision, actor, url, status, subject, source, text } = change
  const told = (value: string | undefined, said: string) => (value && !text.includes(value) ? said : null)
  const facts = [
    service !== subject ? told(service, `service ${service}`) : null,
    told(environment, environment ?? ''),
    told(version, `version ${version}`),
    told(revision, `revision ${revision?.slice(0, 12)}`),
    told(actor, `by ${actor}`),
    status && !WENT_WRONG[status] ? told(status, status) : null,
    // By the API anybody tells; a web hook has a name that says who.
    source && source !== 'api' ? `told by ${source}` : null,
  ].filter((fact) => fact !== null)
  const safe = url !== undefined && /^https?:\/\//.test(url)
  const wrong = status ? WENT_WRONG[status] : undefined
  if (facts.length === 0 && !safe && !wrong) return null
  return (
    <span class={style.known}>
      {wrong && <Word mood="warning" word={wrong} />}
      {facts.length > 0 && <span>{facts.join(' · ')}</span>}
      {safe && (
        <a href={url} target="_blank" rel="noreferrer">
          more
        </a>
      )}
    </span>
  )
}
