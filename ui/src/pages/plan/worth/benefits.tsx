// What changes are worth: what going on as now costs, what the change costs, and the difference with how sure that is.
import type { BenefitView, SpreadView } from '../../../api/types'
import { Word } from '../../../parts/level'
import { Table } from '../../../parts/sheet/table'
import { percent } from '../../../text/numbers'
import { moneyOr } from '../sizes/money'
import { paybackText, worthMood } from './words'
import style from './worth.module.css'

export type Weighed = { name: string; of?: string | undefined; benefit: BenefitView; currency: string }

type Props = { label: string; weighed: readonly Weighed[]; nothing: string; instead: string }

export function Benefits({ label, weighed, nothing, instead }: Props) {
  return (
    <Table label={label} figures>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">{nothing}</th>
          <th scope="col">{instead}</th>
          <th scope="col">Worth today</th>
          <th scope="col">Pays off</th>
        </tr>
      </thead>
      <tbody>
        {weighed.map(({ name, of, benefit, currency }) => (
          <tr key={`${name} ${of}`}>
            <th scope="row">
              {name}
              <span class={style.range}>
                {of && `${of}, `}
                {benefit.months} months
              </span>
            </th>
            <Cell spread={benefit.nothing} currency={currency} />
            <Cell spread={benefit.instead} currency={currency} />
            <Cell spread={benefit.npv} currency={currency} strong />
            <td>
              <Word mood={worthMood(benefit)} word={`${percent(Math.round(benefit.chance * 100) / 100)} sure`} />
              <span class={style.range}>{paybackText(benefit)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

/** The middle, and what eight of ten futures lie between. */
function Cell({ spread: { p10, p50, p90 }, currency, strong = false }: { spread: SpreadView; currency: string; strong?: boolean }) {
  const middle = moneyOr(p50, currency)
  return (
    <td>
      {strong ? <b>{middle}</b> : middle}
      {p10 < p90 && (
        <span class={style.range}>
          {moneyOr(p10, '')} {p10 < 0 ? 'to' : '–'} {moneyOr(p90, '')}
        </span>
      )}
    </td>
  )
}
