// The quarter's review of quotas: what others grant, when it is used up, by when to ask for how much, and what was decided.
import { useAddress } from '../../../address/address'
import { useQuotas } from '../../../api/plan'
import type { QuotaDecisionView, QuotaList, QuotaView } from '../../../api/types'
import { Empty, Face } from '../../../parts/face/face'
import { Choices, matches, WordFilter } from '../../../parts/filter'
import { Word } from '../../../parts/level'
import { Head, Tools } from '../../../parts/page/page'
import { Soft, Verdict } from '../../../parts/page/standing'
import { Meter } from '../../../parts/room/meter'
import { outlookText } from '../../../parts/room/outlook'
import { useNow } from '../../../shell/now'
import { counted, percent, say } from '../../../text/numbers'
import { dateOnly, MINUTE, saySpan } from '../../../text/time'
import { PlanTabs } from '../tabs'
import { Decide } from './decide'
import { History } from './history'
import { isGranted, QUOTA_STATES, quarterText, quotaState, type QuotaState } from './standing'
import style from './quotas.module.css'

const EXAMPLE = `resources:
  - name: aws_addresses
    title: Elastic addresses in {{region}}
    used: sum by (region) (aws_ec2_addresses)
    limit: max by (region) (aws_service_quota{quota_code="L-0263D0A3"})
    unit: count
    nature: stock
    quota: AWS Service Quotas, L-0263D0A3   # who grants more, and how
    lead_time: 14d                          # how long that takes`

const ORDER: readonly QuotaState[] = ['late', 'due', 'asked', 'kept', 'room', 'unknown']

export default function Quotas() {
  const asked = useQuotas()
  const quarter = asked.data?.quarter
  return (
    <>
      <Head title="Quotas" note={quarter && `the review of ${quarterText(quarter)}`}>
        <PlanTabs />
      </Head>
      <Face asked={asked} what="quotas" rows={6} empty={({ quotas }) => (quotas.length === 0 ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="No quota is declared yet" command={EXAMPLE}>
      A quota is a limit that somebody else grants: a cloud, a platform team, a licence. Say of a resource in the settings who grants more of it
      and how long that takes. Every quarter this page says by when to ask, and for how much:
    </Empty>
  )
}

function Full({ list: { quotas, quarter, due, decided } }: { list: QuotaList }) {
  const { query, link } = useAddress()
  const now = useNow(MINUTE)
  const open = due - decided
  const wanted = query['is']
  const found = quotas.filter(
    (own) => (!wanted || quotaState(own, now) === wanted) && matches(query['find'], [own.title, own.owner, own.granted_by, ...Object.values(own.labels)]),
  )
  const choices = ORDER.map((value) => ({
    value,
    text: QUOTA_STATES[value].text,
    mood: QUOTA_STATES[value].mood,
    count: quotas.filter((own) => quotaState(own, now) === value).length,
  })).filter(({ count, value }) => count > 0 || value === wanted)
  return (
    <>
      <Verdict>
        {open > 0 ? (
          <>
            <b>{counted(open, 'quota')}</b> to ask for
          </>
        ) : (
          <b>{due > 0 ? 'Every quota that is due is decided' : 'No quota has to be asked for'}</b>
        )}
        <span> before the next review</span>
      </Verdict>
      <Soft>
        A quota is due when its last day to ask lies before the next quarter’s review: the earliest day it may be used up, less the time that a
        grant takes.
      </Soft>
      <Tools>
        <WordFilter label="Filter quotas" />
        <Choices label="State" field="is" choices={[{ value: null, text: 'all', count: quotas.length }, ...choices]} />
      </Tools>
      {found.length === 0 ? (
        <Empty title="No quota matches">
          <a href={link({ find: null, is: null })}>Show all {quotas.length}</a>
        </Empty>
      ) : (
        <div class={style.list}>
          <div class={style.header} aria-hidden="true">
            <span>State</span>
            <span>Quota</span>
            <span>Used</span>
            <span>Used up</span>
            <span>Last day to ask</span>
          </div>
          <ul aria-label="Quotas, what is to be asked for first in front">
            {found.map((quota) => (
              <Row key={quota.id} quota={quota} now={now} />
            ))}
          </ul>
        </div>
      )}
      <History quotas={quotas} quarter={quarter} />
    </>
  )
}

function Row({ quota, now }: { quota: QuotaView; now: number }) {
  const { id, title, granted_by, owner, unit, used, limit, share, level, lead_time_ms, outlook, ask_by, due, ask_for, decision, before } = quota
  const state = quotaState(quota, now)
  return (
    <li class={style.item}>
      <div class={style.row}>
        <span class={style.state}>
          <Word mood={QUOTA_STATES[state].mood} word={QUOTA_STATES[state].text} />
        </span>
        <span class={style.name}>
          <a href={`/resources/${encodeURIComponent(id)}`}>{title}</a>
          <span class={style.of}>
            granted by {granted_by}
            {owner && owner !== granted_by && `, used by ${owner}`}
          </span>
        </span>
        <span class={style.used}>
          <span class={style.bar}>
            <Meter share={share} level={level} label={`${title}: used`} />
            <b>{share === null ? '–' : percent(share)}</b>
          </span>
          <span class={style.of}>{used === null || limit === null ? 'no reading' : `${say(unit, used)} of ${say(unit, limit)}`}</span>
        </span>
        <span class={style.outlook}>{outlookText(outlook)}</span>
        <span class={style.ask}>
          <span>
            <span class={style.label}>Last day to ask: </span>
            {ask_by === null ? (
              <span class={style.none}>none in sight</span>
            ) : (
              <b data-mood={QUOTA_STATES[state].mood}>{ask_by <= now ? `was ${dateOnly(ask_by, now)}` : dateOnly(ask_by, now)}</b>
            )}
          </span>
          <span class={style.of}>
            {ask_for !== null && due && `for ${say(unit, ask_for)}; `}a grant takes {saySpan(lead_time_ms)}
          </span>
        </span>
      </div>
      {(due || decision) && <Decide quota={quota} now={now} />}
      {!decision && before && (
        <p class={style.of}>
          {decisionText(before, quota)} in {quarterText(before.quarter)}
        </p>
      )}
    </li>
  )
}

/** `Asked for 300 by Anna, 200 are there now`. */
export function decisionText(decision: QuotaDecisionView, { unit, limit }: QuotaView): string {
  const { verdict, by, reason, asked_for } = decision
  const because = reason ? `: ${reason}` : ''
  if (verdict !== 'asked') return `Kept as it is by ${by}${because}`
  const amount = asked_for === null ? 'more' : say(unit, asked_for)
  return `${amount.charAt(0).toUpperCase() + amount.slice(1)} asked for by ${by}${because}${isGranted(decision, limit) ? ', granted since' : ''}`
}
