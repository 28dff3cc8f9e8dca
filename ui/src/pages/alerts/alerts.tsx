// What holds now, what is about to, and what has ended.
import { useAddress } from '../../address/address'
import { useAlerts } from '../../api/queries'
import type { AlertList as View, AlertView, Severity } from '../../api/types'
import { AlertList } from '../../parts/alert/alert-list'
import { Empty, Face } from '../../parts/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { Head, Section, Tools } from '../../parts/page'
import { counted } from '../../text/numbers'

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info']
const WORST: Record<Severity, number> = { critical: 0, warning: 1, info: 2 }

export default function Alerts() {
  const asked = useAlerts()
  const firing = asked.data?.active.filter(({ state }) => state === 'firing').length
  return (
    <>
      <Head title="Alerts" note={firing === undefined ? null : firing === 0 ? 'nothing is firing' : `${firing} firing`} />
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

  return (
    <>
      <Tools>
        <WordFilter label="Filter alerts" />
        <Choices label="Severity" field="severity" choices={[{ value: null, text: 'all', count: alerts.active.length }, ...choices]} />
      </Tools>
      <Section title="Firing" note={String(firing.length)}>
        {firing.length > 0 ? (
          <AlertList alerts={firing} label="Firing" open={open} />
        ) : (
          <Empty title={alerts.active.length === 0 ? 'Nothing is wrong' : 'No firing alert matches'}>
            {recent[0] ? 'What ended lately stands below.' : 'Nothing ended lately either.'}
          </Empty>
        )}
      </Section>
      {pending.length > 0 && (
        <Section title="Pending" note={`${pending.length}, not yet for long enough`}>
          <AlertList alerts={pending} label="Pending" open={open} />
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

function worstFirst(one: AlertView, other: AlertView): number {
  return WORST[one.severity] - WORST[other.severity] || one.active_at - other.active_at
}
