// What checks of capacity found: what it is, what it rests on, what to do, and how to see that it helped.
import { useAddress } from '../../../address/address'
import { useFindings } from '../../../api/plan'
import type { FindingList, FindingView } from '../../../api/types'
import { Empty, Face } from '../../../parts/face/face'
import { Choices, matches, WordFilter } from '../../../parts/filter'
import { Word } from '../../../parts/level'
import { Head, Tools } from '../../../parts/page/page'
import { Soft, Verdict } from '../../../parts/page/standing'
import { counted, unbroken } from '../../../text/numbers'
import { savingText } from '../sizes/money'
import { PlanTabs } from '../tabs'
import { KINDS, placeOf, savingsOf } from './kinds'
import style from './findings.module.css'

const EXAMPLE = `services:
  - name: shop
    replicas: count(up{job="shop"} == 1)
    data:
      primary: database_cpu          # one of its limits
      reads: sum(rate(pg_stat_database_tup_fetched{datname="shop"}[5m]))
      writes: sum(rate(pg_stat_database_tup_inserted{datname="shop"}[5m]))
      largest_table: max(pg_total_relation_size_bytes)
      cache_hits: sum(rate(redis_keyspace_hits_total[5m]))
      cache_misses: sum(rate(redis_keyspace_misses_total[5m]))`

export default function Findings() {
  const asked = useFindings()
  return (
    <>
      <Head title="Findings" note="what is due, with what speaks for it">
        <PlanTabs />
      </Head>
      <Face asked={asked} what="findings" rows={6} empty={({ findings }) => (findings.length === 0 ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="Nothing was found" command={EXAMPLE}>
      Looked at are losses that would not be borne, sizes, quotas, and whether replicas, partitions, shards or caches are due. For the last, say of
      a service how its data are read, written and kept:
    </Empty>
  )
}

function Full({ list: { findings } }: { list: FindingList }) {
  const { query, link } = useAddress()
  const savings = savingsOf(findings).map(([currency, saving]) => savingText(saving, currency))
  const wanted = query['kind']
  const found = findings.filter(
    (own) => (!wanted || own.kind === wanted) && matches(query['find'], [own.title, own.subject, own.kind, own.advice, ...own.evidence]),
  )
  const critical = findings.filter(({ severity }) => severity === 'critical').length
  const kinds = [...new Set([...Object.keys(KINDS), ...findings.map(({ kind }) => kind)])]
  const choices = kinds
    .map((value) => ({ value, text: KINDS[value] ?? value, count: findings.filter(({ kind }) => kind === value).length }))
    .filter(({ count, value }) => count > 0 || value === wanted)
  return (
    <>
      <Verdict>
        <b>{counted(findings.length, 'finding')}</b>
        <span>{critical > 0 ? ` · ${critical} critical` : ' · none of them critical'}</span>
      </Verdict>
      <Soft>
        Figures are means of the last week.
        {savings.length > 0 && ` Following all that have a price ${savings.join(', and ')}.`}
      </Soft>
      <Tools>
        <WordFilter label="Filter findings" />
        <Choices label="What they are about" field="kind" choices={[{ value: null, text: 'all', count: findings.length }, ...choices]} />
      </Tools>
      {found.length === 0 ? (
        <Empty title="No finding matches">
          <a href={link({ find: null, kind: null })}>Show all {findings.length}</a>
        </Empty>
      ) : (
        <ul class={style.list} aria-label="Findings, the worst first">
          {found.map((own) => (
            <Item key={`${own.kind} ${own.subject}`} finding={own} />
          ))}
        </ul>
      )}
    </>
  )
}

function Item({ finding }: { finding: FindingView }) {
  const { title, severity, evidence, advice, saving_month, currency, verify } = finding
  const place = placeOf(finding)
  return (
    <li class={style.item}>
      <span class={style.severity}>
        <Word mood={severity} />
      </span>
      <div class={style.what}>
        <h2>{title}</h2>
        <ul>
          {evidence.map((text) => (
            <li key={text}>{unbroken(text)}</li>
          ))}
        </ul>
      </div>
      <div class={style.advice}>
        <p>{unbroken(sentence(advice))}</p>
        <p class={style.small}>Proof that it helped: {unbroken(verify)}.</p>
      </div>
      <div class={style.next}>
        {saving_month !== null && <b>{savingText(saving_month, currency ?? '')}</b>}
        <a href={place.to} aria-label={`${place.text}: ${title}`}>
          {place.text}
        </a>
      </div>
    </li>
  )
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
