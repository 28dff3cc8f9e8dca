// What speaks for an alert: its value, what is usual, and what was changed before it.
import type { AlertView } from '../../../api/types'
import { Section } from '../../../parts/page'
import { ChangeRows } from '../../../parts/change/change-rows'
import { Empty } from '../../../parts/face/face'
import { plain, say } from '../../../text/numbers'
import style from '../alerts.module.css'

export function Evidence({ alert }: { alert: AlertView }) {
  const { value, evidence, expr, source } = alert
  const { normal, changes } = evidence
  const said = (number: number) => (normal && normal.unit !== 'count' ? say(normal.unit, number) : plain(number))
  return (
    <div class={style.pair}>
      <Section title="Evidence">
        <dl class={style.facts}>
          <dt>Value</dt>
          <dd>
            <b>{value === null ? 'none' : said(value)}</b>
          </dd>
          <dt>Usual</dt>
          <dd>{normal ? `${said(normal.low)} to ${said(normal.high)} at this hour, from ${normal.days} days` : 'not known for it'}</dd>
          <dt>From</dt>
          <dd>{source}</dd>
          {expr && (
            <>
              <dt>Expression</dt>
              <dd>
                <code>{expr}</code>
              </dd>
            </>
          )}
        </dl>
      </Section>
      <Section title="Changed before it fired">
        {changes.length === 0 ? (
          <Empty title="Nothing known">No change in the half hour before. Deployments and the like are told by web hook or by the command line.</Empty>
        ) : (
          <ChangeRows changes={changes} label="Changes before it fired" />
        )}
      </Section>
    </div>
  )
}
