// What became different, newest first.
import type { ChangeView } from '../../api/types'
import { Empty } from '../../parts/face'
import { useNow } from '../../shell/now'
import { moment, momentFull } from '../../text/time'
import style from './overview.module.css'

export function Changes({ changes }: { changes: readonly ChangeView[] }) {
  const now = useNow(30_000)
  if (changes.length === 0) {
    return <Empty title="Nothing has changed">Starts, targets that come and go, limits that move and alerts stand here.</Empty>
  }
  return (
    <ol class={style.changes}>
      {changes.map((change) => (
        <li key={`${change.at} ${change.subject} ${change.text}`}>
          <time dateTime={new Date(change.at).toISOString()} title={momentFull(change.at)}>
            {moment(change.at, now)}
          </time>
          <span class={style.kind}>{change.kind}</span>
          <span>
            <b class={style.subject}>{change.subject}</b> {change.text}
          </span>
        </li>
      ))}
    </ol>
  )
}
