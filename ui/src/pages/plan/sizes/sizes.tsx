// The month's review of sizes: what is too large or too small, what each size would risk and cost, accepted or declined.
import { useState } from 'preact/hooks'

import { useAddress } from '../../../address/address'
import { useSizeReviews, useSizes } from '../../../api/plan'
import type { SizeBookingView, SizeList, SizeMonthView, SizeReviewList, SizeView } from '../../../api/types'
import { Empty, Face, Remarks } from '../../../parts/face/face'
import { Choices, matches, WordFilter } from '../../../parts/filter'
import { labelLine, saidIn } from '../../../parts/labels'
import { Word } from '../../../parts/level'
import { Head, Section, Tools } from '../../../parts/page/page'
import { Soft, Verdict } from '../../../parts/page/standing'
import { useNow } from '../../../shell/now'
import { counted, percent, say } from '../../../text/numbers'
import { dateOnly, MINUTE, moment } from '../../../text/time'
import { PlanTabs } from '../tabs'
import { Decide } from './decide'
import { Frontier } from './frontier'
import { ADVICE, monthName, moneyOr, savingOf, savingText } from './money'
import { cacheOf, namesOf } from './names'
import style from './sizes.module.css'

const EXAMPLE = `planning:
  prices: prices.csv          # SkuId, ListUnitPrice, PricingUnit, BillingCurrency, x_Size`

export default function Sizes() {
  const asked = useSizes()
  const month = asked.data?.month
  return (
    <>
      <Head title="Sizes" note={month && `the review of ${monthName(month)}`}>
        <PlanTabs />
      </Head>
      <Face asked={asked} what="sizes" rows={6} empty={({ items }) => (items.length === 0 ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
      <Reviews />
    </>
  )
}

function Nothing() {
  return (
    <Empty title="Nothing is reviewed yet" command={EXAMPLE}>
      The past of each resource that has a size is walked week by week: which size would have done, how often a smaller one would not, and what
      that saves. It takes fourteen days of history. A price list makes money of it:
    </Empty>
  )
}

function Full({ list }: { list: SizeList }) {
  const { query, link } = useAddress()
  const { items, sum, currency, priced, prices_wrong, left_out, sure, reviewed_at } = list
  const now = useNow(MINUTE)
  const wanted = query['is']
  const found = items.filter((own) => (!wanted || groupOf(own) === wanted) && matches(query['find'], [own.title, own.owner, own.text, own.advice]))
  const choices = (['open', 'accepted', 'declined', 'fits', 'unknown'] as const)
    .map((value) => ({ value, text: GROUPS[value], count: items.filter((own) => groupOf(own) === value).length }))
    .filter(({ count, value }) => count > 0 || value === wanted)
  return (
    <>
      <Verdict>
        {sum.open > 0 ? (
          <>
            <b>{counted(sum.open, 'proposal')}</b> to decide
          </>
        ) : (
          <b>{sum.smaller + sum.larger + sum.fits > 0 ? 'Everything is decided' : 'No size can be told yet'}</b>
        )}
        {sum.saving_month !== null && (
          <span>
            {' '}
            · {savingOf(sum.saving_month, sum.cost_month, currency)}
          </span>
        )}
      </Verdict>
      <Soft>
        {counted(sum.smaller, 'is too large', 'are too large')}, {counted(sum.larger, 'is too small', 'are too small')},{' '}
        {counted(sum.fits, 'fits', 'fit')}. A size does if it would have done in {percent(sure)} of the recorded weeks; looked at{' '}
        {moment(reviewed_at, now)}.
      </Soft>
      <Remarks
        label="Prices"
        remarks={[
          ...(prices_wrong ? [prices_wrong] : []),
          ...(priced || prices_wrong ? [] : ['there is no price list, so no money is spoken of; name one as «prices» under «planning» in the settings']),
          ...(left_out > 0 ? [`${counted(left_out, 'thing was', 'things were')} left out, being too many`] : []),
        ]}
      />
      <Tools>
        <WordFilter label="Filter sizes" />
        <Choices label="Which" field="is" choices={[{ value: null, text: 'all', count: items.length }, ...choices]} />
      </Tools>
      {found.length === 0 ? (
        <Empty title="No size matches">
          <a href={link({ find: null, is: null })}>Show all {items.length}</a>
        </Empty>
      ) : (
        <ul class={style.list} aria-label="Sizes, the most worth first">
          {found.map((own) => (
            <Item key={own.id} item={own} currency={currency} />
          ))}
        </ul>
      )}
    </>
  )
}

const GROUPS = { open: 'to decide', accepted: 'accepted', declined: 'declined', fits: 'fits', unknown: 'not known' } as const

function groupOf({ advice, decision, proposed }: SizeView): keyof typeof GROUPS {
  if (decision) return decision.verdict === 'accepted' ? 'accepted' : 'declined'
  if (proposed || advice === 'none_fits') return 'open'
  return advice === 'fits' ? 'fits' : 'unknown'
}

function Item({ item, currency }: { item: SizeView; currency: string }) {
  const [open, setOpen] = useState(false)
  const { id, title, owner, labels, advice, current, proposed, saving_month, why_not, frontier, benefit, decision, before, booked } = item
  const { name, of } = namesOf(item)
  const said = ADVICE[advice] ?? { mood: 'unknown' as const, text: advice }
  return (
    <li class={style.item}>
      <div class={style.line}>
        <Word mood={said.mood} word={said.text} />
        <div class={style.name}>
          <b>{name}</b>
          <span class={style.small}>{[of, labelLine(labels, saidIn(title, labels)), owner].filter(Boolean).join(' · ')}</span>
        </div>
        <div class={style.change}>
          {proposed && current ? (
            <>
              {sizeName(current)} → <b>{sizeName(proposed)}</b>
              <span class={style.small}>{proposed.name ? proposed.text : ''}</span>
            </>
          ) : why_not ? (
            <span class={style.small}>{why_not}</span>
          ) : (
            current && sizeName(current)
          )}
        </div>
        <Told item={item} />
        <div class={style.saving}>
          {saving_month !== null && (
            <>
              <b>{savingText(saving_month, currency)}</b>
              {benefit && (
                <span class={style.small}>
                  {moneyOr(benefit.npv.p50, currency)} in {benefit.months} months{benefit.chance >= 0.05 && `, ${percent(benefit.chance)} sure to pay`}
                </span>
              )}
            </>
          )}
        </div>
        {frontier.length > 0 ? (
          <button type="button" class={style.more} aria-expanded={open} aria-controls={`frontier-${id}`} onClick={() => setOpen(!open)}>
            {open ? 'Close' : 'All sizes'}
            <span class="unseen"> of {name}</span>
          </button>
        ) : (
          <span />
        )}
      </div>
      {open && (
        <div id={`frontier-${id}`}>
          <Frontier item={item} currency={currency} />
        </div>
      )}
      {proposed && <Decide item={item} />}
      {!decision && before && (
        <p class={style.small}>
          {before.verdict === 'accepted' ? 'Accepted' : 'Declined'} in {monthName(before.month)} by {before.by}
          {before.reason && `: ${before.reason}`}
        </p>
      )}
      {booked && <Booked booked={booked} />}
    </li>
  )
}

/** How it fared: a cache that throws out by what it finds, everything else by what lay above the size proposed. */
function Told({ item }: { item: SizeView }) {
  const cache = cacheOf(item)
  if (cache === undefined && item.risk === null) return <div class={style.risk} />
  return (
    <div class={style.risk}>
      {cache ? (cache.hits === null ? say('per_second', cache.evictions) : percent(cache.hits)) : percent(item.risk)}{' '}
      <span class={style.small}>{cache ? (cache.hits === null ? 'thrown out for want of room' : 'of what is asked is found') : 'of the past above it'}</span>
    </div>
  )
}

function sizeName({ name, text }: { name: string | null; text: string }): string {
  return name ?? text
}

function Booked({ booked: { at, month, saving_month, currency } }: { booked: SizeBookingView }) {
  const now = useNow(MINUTE)
  return (
    <p class={style.small}>
      The change of {monthName(month)} was seen on {dateOnly(at, now)}
      {saving_month !== null && `: it ${savingText(saving_month, currency)}`}.
    </p>
  )
}

/** Earlier months: what was decided, and what came of it. */
function Reviews() {
  const asked = useSizeReviews()
  if (asked.data && decidedOf(asked.data).length === 0) return null
  return (
    <Section title="Reviews by month" note="what was accepted, and what it really saved">
      <Face asked={asked} what="earlier reviews" rows={2}>
        {(list) => (
          <ul class={style.months} aria-label="Reviews by month">
            {decidedOf(list).map((own) => (
              <Month key={own.month} own={own} />
            ))}
          </ul>
        )}
      </Face>
    </Section>
  )
}

/** In most months nothing was. */
function decidedOf({ months }: SizeReviewList): SizeMonthView[] {
  return months.filter(({ decisions, booked }) => decisions.length + booked.length > 0)
}

function Month({ own: { month, decisions, money } }: { own: SizeMonthView }) {
  const accepted = decisions.filter(({ verdict }) => verdict === 'accepted').length
  return (
    <li>
      <details>
        <summary>
          <b>{monthName(month)}</b>
          <span>
            {counted(accepted, 'accepted', 'accepted')}, {counted(decisions.length - accepted, 'declined', 'declined')}
          </span>
          <span>
            {money.length === 0
              ? '–'
              : money
                  .flatMap(({ currency, accepted_month, booked_month }) => [
                    accepted_month === null ? [] : savingText(accepted_month, currency, 'promised'),
                    booked_month === null ? [] : savingText(booked_month, currency, 'seen'),
                  ])
                  .flat()
                  .join(', ')}
          </span>
        </summary>
        <ul class={style.decisions}>
          {decisions.map(({ id, title, verdict, by, reason, saving_month, currency }) => (
            <li key={id}>
              <Word mood={verdict === 'accepted' ? 'fine' : 'unknown'} word={verdict} />
              <span>
                <b>{title}</b> by {by}
                {reason && `: ${reason}`}
              </span>
              <span>{saving_month !== null && savingText(saving_month, currency)}</span>
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}
