// What was decided of quotas in earlier quarters, and what came of it.
import { useQuotaHistory } from '../../../api/plan'
import type { QuotaHistory, QuotaPastView, QuotaView } from '../../../api/types'
import { Face } from '../../../parts/face/face'
import { Word } from '../../../parts/level'
import { Section } from '../../../parts/page/page'
import { Table } from '../../../parts/sheet/table'
import { plain, say } from '../../../text/numbers'
import { quarterText } from './standing'
import style from './quotas.module.css'

export function History({ quotas, quarter }: { quotas: readonly QuotaView[]; quarter: string }) {
  const asked = useQuotaHistory()
  const earlierOf = ({ decisions }: QuotaHistory) => decisions.filter((own) => own.quarter !== quarter)
  // Before the second quarter there is none, and a section that only says so is no help.
  if (asked.data && earlierOf(asked.data).length === 0) return null
  return (
    <div class={style.history}>
      <Section title="Earlier quarters" note="what was decided, and what was granted since">
        <Face asked={asked} what="earlier decisions" rows={2}>
          {(told) => <Full quotas={quotas} earlier={earlierOf(told)} more={told.more} />}
        </Face>
      </Section>
    </div>
  )
}

type FullProps = { quotas: readonly QuotaView[]; earlier: readonly QuotaPastView[]; more: boolean }

function Full({ quotas, earlier, more }: FullProps) {
  return (
    <>
      <Table label="Earlier quarters">
        <thead>
          <tr>
            <th scope="col">Quarter</th>
            <th scope="col">Quota</th>
            <th scope="col">Then</th>
            <th scope="col">Decided</th>
            <th scope="col">Came of it</th>
          </tr>
        </thead>
        <tbody>
          {earlier.map((own) => (
            <Row key={`${own.quota} ${own.at}`} own={own} unit={quotas.find(({ id }) => id === own.quota)?.unit} />
          ))}
        </tbody>
      </Table>
      {more && <p class={style.of}>The newest are shown; the journal keeps all of them.</p>}
    </>
  )
}

function Row({ own, unit }: { own: QuotaPastView; unit: QuotaView['unit'] | undefined }) {
  const { title, quarter, verdict, reason, by, used, limit, asked_for, limit_after, granted } = own
  const amount = (value: number) => (unit ? say(unit, value) : plain(value))
  return (
    <tr>
      <th scope="row">{quarterText(quarter)}</th>
      <td>{title}</td>
      <td>
        {amount(used)} of {amount(limit)}
      </td>
      <td>
        {verdict === 'asked' ? `${asked_for === null ? 'more' : amount(asked_for)} asked for` : 'kept as it is'} by {by}
        {reason && <span class={style.of}>{reason}</span>}
      </td>
      <td>
        {granted === null ? '–' : <Word mood={granted ? 'fine' : 'notice'} word={granted ? 'granted' : 'not granted'} />}
        {limit_after !== null && limit_after !== limit && <span class={style.of}>{amount(limit_after)} since</span>}
      </td>
    </tr>
  )
}
