// Every size that could be, from the smallest to the largest: how often it would have been too small, and what it costs.
import type { SizePartView, SizeView } from '../../../api/types'
import { Word } from '../../../parts/level'
import { Table } from '../../../parts/sheet/table'
import { percent, say } from '../../../text/numbers'
import { Benefits } from '../worth/benefits'
import { moneyOr } from './money'
import style from './sizes.module.css'

export function Frontier({ item: { title, frontier, parts, benefit }, currency }: { item: SizeView; currency: string }) {
  const priced = frontier.some(({ cost_month }) => cost_month !== null)
  return (
    <div class={style.frontier}>
      <Table label={`Sizes of ${title}`} caption={`Risk and cost of each size of ${title}`} figures>
        <thead>
          <tr>
            <th scope="col">Size</th>
            <th scope="col">Weeks it would not have done</th>
            <th scope="col">Of the past above it</th>
            {priced && <th scope="col">A month</th>}
            <th scope="col" data-words>Verdict</th>
          </tr>
        </thead>
        <tbody>
          {frontier.map((offer) => (
            <tr key={offer.name ?? offer.text} data-proposed={offer.role === 'proposed'}>
              <th scope="row">
                {offer.name ?? offer.text}
                {offer.name && <span class={style.small}>{offer.text}</span>}
              </th>
              <td>
                <span class={style.weeks}>
                  <i style={{ width: `${Math.min(100, offer.weeks_over * 100)}%` }} />
                </span>
                <span class={style.share}>{percent(offer.weeks_over)}</span>
              </td>
              <td>{percent(offer.over)}</td>
              {priced && <td>{moneyOr(offer.cost_month, currency)}</td>}
              <td data-words>
                <span class={style.verdicts}>
                  {offer.role === 'current' && <Word mood="info" word="now" />}
                  {offer.role === 'proposed' && <Word mood="notice" word="proposed" />}
                  {!offer.does && <Word mood="warning" word="would not do" />}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {benefit && (
        <div class={style.worth}>
          <Benefits
            label={`What changing ${title} is worth`}
            weighed={[{ name: 'The size proposed', benefit, currency }]}
            nothing="Keeping it costs"
            instead="Changing it costs"
          />
        </div>
      )}
      {parts.map((part) => (
        <p key={part.resource_id} class={style.part}>
          <a href={`/resources/${encodeURIComponent(part.resource_id)}`}>{part.title}</a>: {partText(part)}
        </p>
      ))}
    </div>
  )
}

function partText({ unit, limit, line, mean, p99, needed, steps, ahead_days }: SizePartView): string {
  const known = [
    mean === null ? '' : `${say(unit, mean)} on average`,
    p99 === null ? '' : `${say(unit, p99)} at its highest`,
    needed === null ? '' : `${say(unit, needed)} must lie below ${percent(line)} of a size`,
    steps === null ? '' : `learnt from ${steps} weeks`,
    ahead_days === null ? '' : `by the forecast of the next ${ahead_days} days`,
  ].filter(Boolean)
  return [`has ${say(unit, limit)}`, ...known].join('; ')
}
