// A query that was refused: the place is marked in it.
import type { Failure } from '../../api/client'
import { Failed } from '../../parts/face/face'
import style from './explore.module.css'
import { placeOf } from './mark'

type Props = { failure: Failure; query: string; onAgain: () => void }

export function Wrong({ failure, query, onAgain }: Props) {
  const place = failure.kind === 'invalid' ? placeOf(failure.message, query) : null
  if (failure.kind !== 'invalid') return <Failed failure={failure} what="answer" onAgain={onAgain} />
  return (
    <div class={style.wrong} role="alert">
      <p>
        <b>This query is not understood.</b> {failure.message}
      </p>
      {place && (
        <pre class={style.marked}>
          {query.slice(0, place.from)}
          <mark>{query.slice(place.from, place.to) || '␣'}</mark>
          {query.slice(place.to)}
        </pre>
      )}
      {failure.help && <p>{failure.help}</p>}
      {failure.requestId && (
        <p class={style.request}>
          request <code>{failure.requestId}</code>
        </p>
      )}
    </div>
  )
}
