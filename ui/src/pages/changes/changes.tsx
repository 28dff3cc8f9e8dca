// What was done and what became different, newest first, by day.
import { useAddress } from '../../address/address'
import { parseMoment, PRESETS } from '../../address/window'
import { CHANGES_MAX, useChanges } from '../../api/queries'
import type { ChangeView } from '../../api/types'
import { isNoticed } from '../../chart/marks'
import { ChangeRows } from '../../parts/change/change-rows'
import { Empty, Face } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { Head, Section, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { counted } from '../../text/numbers'
import { dateOnly, DAY, MINUTE, momentFull, parseSpan } from '../../text/time'
import style from './changes.module.css'

const SPANS = PRESETS.filter(({ text }) => ['1h', '24h', '7d', '30d', '1y'].includes(text))

export default function Changes() {
  const { query } = useAddress()
  const now = useNow(MINUTE)
  const from = parseMoment(query['from'])
  const to = parseMoment(query['to'])
  const range = query['range'] ?? '7d'
  const since = from ?? now - (parseSpan(range) ?? 7 * DAY)
  const asked = useChanges({ since, until: to }, from === null ? range : `${from} ${to}`)
  return (
    <>
      <Head title="Changes" note="what was done, and what became different" />
      <Face asked={asked} what="changes" rows={8}>
        {({ changes }) => <Full changes={changes} full={changes.length >= CHANGES_MAX} between={from !== null && to !== null ? [from, to] : null} />}
      </Face>
    </>
  )
}

type FullProps = { changes: readonly ChangeView[]; full: boolean; between: [number, number] | null }

function Full({ changes, full, between }: FullProps) {
  const { query, link } = useAddress()
  const { kind, service, find } = query
  const found = changes.filter(
    (one) =>
      (!kind || one.kind === kind || (kind === 'done' && !isNoticed(one))) &&
      (!service || one.service === service) &&
      matches(find, Object.values(one).map(String)),
  )
  const kinds = [...new Set(changes.map((one) => one.kind))].toSorted()
  const done = changes.filter((one) => !isNoticed(one)).length
  const services = [...new Set(changes.flatMap((one) => one.service ?? []))].toSorted()
  return (
    <>
      <Tools>
        <WordFilter label="Filter changes" />
        {between === null ? (
          <Choices
            label="Since when"
            field="range"
            choices={SPANS.map(({ text }) => ({ value: text === '7d' ? null : text, text }))}
          />
        ) : (
          <span class={style.between}>
            {momentFull(between[0])} – {momentFull(between[1])} <a href={link({ from: null, to: null })}>any time</a>
          </span>
        )}
      </Tools>
      <Tools>
        <Choices
          label="Kind"
          field="kind"
          choices={[
            { value: null, text: 'all', count: changes.length },
            ...(done > 0 ? [{ value: 'done', text: 'done by somebody', count: done }] : []),
            ...kinds.map((value) => ({ value, text: value, count: changes.filter((one) => one.kind === value).length })),
          ]}
        />
        {services.length > 0 && (
          <Choices label="Service" field="service" choices={[{ value: null, text: 'every service' }, ...services.map((value) => ({ value, text: value }))]} />
        )}
      </Tools>
      {found.length === 0 &&
        (changes.length === 0 ? (
          <Empty title="Nothing has changed in this time" command={'plimsoll change add deployment checkout "version 4.2"'}>
            Starts, targets that come and go, and limits that move stand here by themselves; deployments and what else people do are told:
          </Empty>
        ) : (
          <Empty title="No change matches">
            <a href={link({ find: null, kind: null, service: null })}>Show all {changes.length}</a>
          </Empty>
        ))}
      <Days changes={found} />
      {full && <p class={style.cut}>Only the latest {counted(changes.length, 'change')} are shown. Choose a shorter time for the others.</p>}
    </>
  )
}

function Days({ changes }: { changes: readonly ChangeView[] }) {
  const now = useNow(MINUTE)
  const days = new Map<string, ChangeView[]>()
  for (const change of changes) {
    const day = new Date(change.at).toDateString()
    const members = days.get(day)
    if (members) members.push(change)
    else days.set(day, [change])
  }
  return (
    <>
      {[...days].map(([day, members]) => {
        const at = members[0]?.at ?? 0
        const title = day === new Date(now).toDateString() ? 'Today' : dateOnly(at, now)
        return (
          <Section key={day} title={title} note={counted(members.length, 'change')}>
            <ChangeRows changes={members} label={`Changes, ${title}`} day />
          </Section>
        )
      })}
    </>
  )
}
