// What holds now, what is about to, and what has ended.
import { useEffect } from 'preact/hooks'

import { useAddress } from '../../address/address'
import { useAlerts } from '../../api/queries'
import type { AlertList as View, AlertView, Severity } from '../../api/types'
import { AlertGroups } from '../../parts/alert/alert-groups'
import { AlertList } from '../../parts/alert/alert-list'
import { pageOf } from '../../parts/alert/evidence'
import { waysToGroup, worstFirst } from '../../parts/alert/group'
import { AlertTabs } from '../../parts/alert/tabs'
import { Empty, Face } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { Head, Section, Tools } from '../../parts/page/page'
import { counted } from '../../text/numbers'
import style from './alerts.module.css'

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info']

export default function Alerts() {
  const asked = useAlerts()
  useOldAddress()
  const firing = asked.data?.active.filter(({ state }) => state === 'firing').length
  return (
    <>
      <Head title="Alerts" note={firing === undefined ? null : firing === 0 ? 'nothing is firing' : `${firing} firing`}>
        <AlertTabs />
      </Head>
      <Face
        asked={asked}
        what="alerts"
        rows={6}
        empty={({ active, recent }) => (active.length + recent.length === 0 ? <Nothing /> : null)}
      >
        {(alerts) => <Full alerts={alerts} />}
      </Face>
    </>
  )
}

/** Messages name an alert as `?id=`; it has a page of its own. */
function useOldAddress(): void {
  const { query, go } = useAddress()
  const id = query['id']
  useEffect(() => {
    if (id) go(pageOf(id), 'replace')
  }, [id, go])
}

function Nothing() {
  return (
    <Empty title="No alert, now or lately" command={'rule_files:\n  - rules/*.yaml'}>
      Resources raise alerts by themselves when a line is crossed or will soon be. Prometheus rule files add more; name them in the
      settings:
    </Empty>
  )
}

function Full({ alerts }: { alerts: View }) {
  const { query } = useAddress()
  const wanted = (alert: AlertView) =>
    (!query['severity'] || alert.severity === query['severity']) &&
    (query['quiet'] !== 'yes' || alert.quiet_because.length > 0) &&
    matches(query['find'], [alert.name, alert.summary, alert.severity, alert.source, ...Object.values(alert.labels)])
  const active = alerts.active.filter(wanted)
  const firing = active.filter(({ state }) => state === 'firing').toSorted(worstFirst)
  const pending = active.filter(({ state }) => state === 'pending').toSorted(worstFirst)
  const recent = alerts.recent.filter(wanted)
  const choices = SEVERITIES.map((value) => ({
    value,
    text: value,
    mood: value,
    count: alerts.active.filter(({ severity }) => severity === value).length,
  }))
  const open = query['alert']
  const by = query['by'] ?? 'alertname'
  const ways = waysToGroup(alerts.active)
  const grouping = [...ways, ...(by === 'alertname' || ways.includes(by) ? [] : [by])]
  const quiet = alerts.active.filter(({ quiet_because }) => quiet_because.length > 0).length

  return (
    <>
      <Tools>
        <WordFilter label="Filter alerts" />
        <Choices label="Severity" field="severity" choices={[{ value: null, text: 'all', count: alerts.active.length }, ...choices]} />
        {(quiet > 0 || query['quiet']) && (
          <Choices label="Whether people are told" field="quiet" choices={[{ value: query['quiet'] ? null : 'yes', text: 'kept quiet', count: quiet }]} />
        )}
        {grouping.length > 0 && (
          <span class={style.by}>
            <span aria-hidden="true">by</span>
            <Choices label="Group by" field="by" choices={[{ value: null, text: 'name' }, ...grouping.map((value) => ({ value, text: value }))]} />
          </span>
        )}
      </Tools>
      <Section title="Firing" note={String(firing.length)}>
        {firing.length > 0 ? (
          <AlertGroups alerts={firing} by={by} label="Firing" open={open} />
        ) : (
          <Empty title={alerts.active.length === 0 ? 'Nothing is wrong' : 'No firing alert matches'}>
            {recent[0] ? 'What ended lately stands below.' : 'Nothing ended lately either.'}
          </Empty>
        )}
      </Section>
      {pending.length > 0 && (
        <Section title="Pending" note={`${pending.length}, not yet for long enough`}>
          <AlertGroups alerts={pending} by={by} label="Pending" open={open} />
        </Section>
      )}
      {recent.length > 0 && (
        <Section title="Ended" note={counted(recent.length, 'alert')}>
          <AlertList alerts={recent} label="Ended" open={open} />
        </Section>
      )}
    </>
  )
}
