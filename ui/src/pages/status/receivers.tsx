// How messages go: to whom, what waits, what failed.
import { useReceivers } from '../../api/queries'
import type { ReceiverView } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { Word, type Mood } from '../../parts/level'
import { Section } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { whole } from '../../text/numbers'
import { ago, MINUTE, moment, saySpan } from '../../text/time'
import style from './status.module.css'

/** A message that waits longer than this is more than one that is just being sent. */
const LATE = MINUTE

export function Receivers() {
  const asked = useReceivers()
  const data = asked.data
  return (
    <Section title="Who is told" note={data && `messages since ${moment(data.since, data.at)}`}>
      <Face asked={asked} what="receivers" rows={2} empty={({ receivers }) => (receivers.length === 0 ? <Nobody /> : null)}>
        {({ receivers }) => (
          <div class={style.receivers}>
            <div class={style.header} aria-hidden="true">
              <span>State</span>
              <span>Receiver</span>
              <span class={style.number}>Sent</span>
              <span class={style.number}>Waiting</span>
              <span class={style.number}>Failed</span>
              <span class={style.number}>Last sent</span>
            </div>
            <ul aria-label="Receivers">
              {receivers.map((receiver) => (
                <Row key={receiver.name} receiver={receiver} />
              ))}
            </ul>
          </div>
        )}
      </Face>
    </Section>
  )
}

function Nobody() {
  return (
    <Empty title="Nobody is told" command={'receivers:\n  - name: desk\n    url: https://chat.example/hook'}>
      Alerts stand on these pages only. Name a receiver in the settings:
    </Empty>
  )
}

function Row({ receiver }: { receiver: ReceiverView }) {
  const { name, waiting, oldest, error, sent, given_up, last_sent } = receiver
  const now = useNow(5_000)
  const { mood, word } = stateOf(receiver, now)
  return (
    <li class={style.row}>
      <Word mood={mood} word={word} />
      <b class={style.name}>{name}</b>
      <span class={style.number} data-name="sent">
        {whole(sent)}
      </span>
      <span class={style.number} data-name="waiting">
        {whole(waiting)}
      </span>
      <span class={style.number} data-name="failed">
        {whole(given_up)}
      </span>
      <span class={style.number} data-name="last">
        {last_sent === null ? 'not lately' : ago(last_sent, now)}
      </span>
      {error && (
        <p class={style.error}>
          {error}
          {oldest !== null && ` · the oldest waits for ${saySpan(Math.max(0, now - oldest))}`}
        </p>
      )}
    </li>
  )
}

function stateOf({ waiting, oldest, error, given_up, last_sent, last_given_up }: ReceiverView, now: number): { mood: Mood; word: string } {
  const late = waiting > 0 && oldest !== null && now - oldest > LATE
  if (error && waiting > 0) return { mood: late ? 'critical' : 'warning', word: 'failing' }
  if (given_up > 0 && (last_given_up ?? 0) > (last_sent ?? 0)) return { mood: 'critical', word: 'failing' }
  if (late) return { mood: 'warning', word: 'late' }
  return last_sent === null ? { mood: 'unknown', word: 'quiet' } : { mood: 'fine', word: 'ok' }
}
