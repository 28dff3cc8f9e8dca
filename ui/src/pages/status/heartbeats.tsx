// Who says regularly that it is well, and who has fallen silent.
import { useHeartbeats } from '../../api/queries'
import type { HeartbeatView } from '../../api/types'
import { Face } from '../../parts/face/face'
import { Word, type Mood } from '../../parts/level'
import { Section } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { momentFull, saySpan } from '../../text/time'
import style from './status.module.css'

export function Heartbeats() {
  const asked = useHeartbeats()
  // Most have none, and a section that only says so is no help.
  if (asked.data?.length === 0) return null
  return (
    <Section title="Who is heard of" note="heartbeats that are expected">
      <Face asked={asked} what="heartbeats" rows={2}>
        {(heartbeats) => (
          <ul class={style.troubles} aria-label="Heartbeats">
            {heartbeats.map((heartbeat) => (
              <Row key={heartbeat.name} heartbeat={heartbeat} />
            ))}
          </ul>
        )}
      </Face>
    </Section>
  )
}

function Row({ heartbeat: { name, heard, missing_at, period_ms, grace_ms } }: { heartbeat: HeartbeatView }) {
  const now = useNow(5_000)
  const late = now > missing_at
  const [mood, word]: [Mood, string] = late ? ['critical', 'missing'] : heard ? ['fine', 'heard'] : ['unknown', 'not yet']
  return (
    <li>
      <Word mood={mood} word={word} />
      <b class={style.name}>{name}</b>
      <span class={style.every}>
        every {saySpan(period_ms)}, {saySpan(grace_ms)} later at most ·{' '}
        <time dateTime={new Date(missing_at).toISOString()} title={momentFull(missing_at)}>
          {late ? `missing for ${saySpan(now - missing_at)}` : `due within ${saySpan(missing_at - now)}`}
        </time>
      </span>
    </li>
  )
}
