// A moment as an age that keeps moving; the exact moment is one hover away and in the markup.
import { useNow } from '../shell/now'
import { ago, momentFull, saySpan } from '../text/time'

export function Since({ at, word }: { at: number; word: 'since' | 'ended' | 'ago' }) {
  const now = useNow(5_000)
  const text = word === 'since' ? `for ${saySpan(Math.max(0, now - at))}` : ago(at, now)
  return (
    <time dateTime={new Date(at).toISOString()} title={momentFull(at)}>
      {word === 'ended' ? `ended ${text}` : text}
    </time>
  )
}
