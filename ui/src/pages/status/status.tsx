// What the program says of itself: version, store, journal, memory.
import { useStatus } from '../../api/queries'
import type { Status as View } from '../../api/types'
import { Face } from '../../parts/face/face'
import { Head, Section } from '../../parts/page'
import style from './status.module.css'
import { Receivers } from './receivers'
import { sectionsOf } from './sections'

export default function Status() {
  const asked = useStatus()
  return (
    <>
      <Head title="Status" note={asked.data && `Plimsoll ${asked.data.version}`} />
      <Face asked={asked} what="status" rows={8}>
        {(status) => <Full status={status} />}
      </Face>
      <div class={style.told}>
        <Receivers />
      </div>
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

function Full({ status }: { status: View }) {
  return (
    <div class={style.sections}>
      {sectionsOf(status).map(({ title, facts }) => (
        <Section key={title} title={title}>
          <dl class={style.facts}>
            {facts.map(({ name, value }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      ))}
    </div>
  )
}
