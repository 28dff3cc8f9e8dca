// What the program says of itself: what it cannot do just now, whether messages arrive, and its figures.
import { useStatus } from '../../api/queries'
import type { Status as View, TroubleView } from '../../api/types'
import { Face } from '../../parts/face/face'
import { Word } from '../../parts/level'
import { Head, Section } from '../../parts/page/page'
import { Figures } from '../../parts/sheet/facts'
import style from './status.module.css'
import { Heartbeats } from './heartbeats'
import { Receivers } from './receivers'
import { sectionsOf } from './sections'

export default function Status() {
  const asked = useStatus()
  const troubles = asked.data ? troublesOf(asked.data) : []
  return (
    <>
      <Head title="Status" note={asked.data && `Plimsoll ${asked.data.version}`} />
      {troubles.length > 0 && <Troubles troubles={troubles} />}
      <Receivers />
      <Heartbeats />
      <Face asked={asked} what="status" rows={8}>
        {(status) => <Full status={status} />}
      </Face>
      <p class={style.links}>
        <a href="/metrics" target="_blank" rel="noreferrer">
          Own metrics
        </a>
        <a href="/api/plimsoll/v1/openapi.json" target="_blank" rel="noreferrer">
          API description
        </a>
        <a href="/-/ready" target="_blank" rel="noreferrer">
          Readiness
        </a>
      </p>
    </>
  )
}

function troublesOf({ troubles }: View): TroubleView[] {
  return Array.isArray(troubles) ? (troubles as TroubleView[]) : []
}

function Troubles({ troubles }: { troubles: readonly TroubleView[] }) {
  return (
    <Section title="What cannot be done just now" note={String(troubles.length)}>
      <ul class={style.troubles} aria-label="What cannot be done just now">
        {troubles.map(({ subject, error }) => (
          <li key={subject}>
            <Word mood="warning" word="fails" />
            <span class={style.name}>{wayTo(subject)}</span>
            <span class={style.error}>{error}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** `rule SOURCE` and `objective NAME` have pages. */
function wayTo(subject: string) {
  const rule = /^rule (.+)$/.exec(subject)?.[1]
  if (rule && rule.includes('/')) return <a href={`/rules?source=${encodeURIComponent(rule)}`}>{subject}</a>
  const objective = /^objective (\S+)$/.exec(subject)?.[1]
  return objective ? <a href={`/objectives/${encodeURIComponent(objective)}`}>{subject}</a> : subject
}

function Full({ status }: { status: View }) {
  return (
    <div class={style.sections}>
      {sectionsOf(status).map(({ title, facts }) => (
        <Section key={title} title={title}>
          <Figures>
            {facts.map(({ name, value }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </Figures>
        </Section>
      ))}
    </div>
  )
}
