// Every size that could be, from the smallest to the largest: how often it would have been too small, and what it costs.
import type { SizePartView, SizeView } from '../../../api/types'
import { Word } from '../../../parts/level'
import { Table } from '../../../parts/sheet/table'
import { percent, say, unbroken } from '../../../text/numbers'
import { Benefits } from '../worth/benefits'
import { moneyOr } from './money'
import { cacheOf, namesOf } from './names'
import style from './sizes.module.css'

export function Frontier({ item, currency }: { item: SizeView; currency: string }) {
  const { text, frontier, parts, benefit } = item
  const { name } = namesOf(item)
  const priced = frontier.some(({ cost_month }) => cost_month !== null)
  // A cache that throws out is not walked week by week: it would have been full in every one of them.
  const walked = cacheOf(item) === undefined
  return (
    <div class={style.frontier}>
      <p class={style.why}>{unbroken(sentence(text))}</p>
      <Table label={`Sizes of ${name}`} caption={`Risk and cost of each size of ${name}`} figures tight>
        <thead>
          <tr>
            <th scope="col">Size</th>
            {walked && <th scope="col">Weeks too small</th>}
            <th scope="col">Past above it</th>
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
              {walked && (
                <td>
                  <span class={style.weeks}>
                    <i style={{ width: `${Math.min(100, offer.weeks_over * 100)}%` }} />
                  </span>
                  <span class={style.share}>{percent(offer.weeks_over)}</span>
                </td>
              )}
              <td>{percent(offer.over)}</td>
              {priced && <td>{moneyOr(offer.cost_month, currency)}</td>}
              <td data-words>
                <span class={style.verdicts}>
                  {offer.role === 'current' && <Word mood="info" word="now" />}
                  {offer.role === 'proposed' && <Word mood="notice" word="proposed" />}
                  {!offer.does && <Word mood="warning" word="too small" />}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {benefit && (
        <div class={style.worth}>
          <Benefits
            label={`What changing ${name} is worth`}
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

function partText({ unit, limit, line, mean, p99, needed, steps, ahead_days, hits, evictions }: SizePartView): string {
  const cache = evictions !== null
  const known = [
    mean === null ? '' : `${say(unit, mean)} used on average`,
    p99 === null || cache ? '' : `${say(unit, p99)} at its highest`,
    needed === null || cache ? '' : `${say(unit, needed)} must lie below ${percent(line)} of a size`,
    steps === null ? '' : `learnt from ${steps} weeks`,
    ahead_days === null ? '' : `by the forecast of the next ${ahead_days} days`,
    // Of a cache that throws out: it is always full, and what it finds says whether it is large enough.
    hits === null ? '' : `${percent(hits)} of what is asked is found`,
    evictions === null ? '' : `${say('per_second', evictions)} thrown out for want of room`,
  ].filter(Boolean)
  return [`has ${say(unit, limit)}`, ...known].join('; ')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
