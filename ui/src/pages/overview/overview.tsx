// The first page: is anything wrong now; how much room is left and until when; what changed; the evidence a click away.
import { useOverview } from '../../api/queries'
import type { Overview as View } from '../../api/types'
import { AlertList } from '../../parts/alert/alert-list'
import { ChangeRows } from '../../parts/change/change-rows'
import { Empty, Face } from '../../parts/face/face'
import { Pair, Section, useTitle } from '../../parts/page/page'
import { ResourceList } from '../../parts/room/resource-list'
import { counted } from '../../text/numbers'
import style from './overview.module.css'
import { Verdict } from './verdict'
import { Watching } from './watching'

export default function Overview() {
  const asked = useOverview()
  return (
    <Face asked={asked} what="overview" rows={8}>
      {(overview) => <Full overview={overview} />}
    </Face>
  )
}

function Full({ overview }: { overview: View }) {
  const { level } = overview.verdict
  useTitle(level !== 'warning' && level !== 'critical' ? overview.host : `${level} · ${overview.host}`)
  const { alerts, resources } = overview
  return (
    <>
      <Verdict overview={overview} />
      {alerts.worst.length > 0 && (
        <div class={style.alerts}>
          <AlertList alerts={alerts.worst} label="Alerts" />
          {alerts.firing + alerts.pending > alerts.worst.length && (
            <a class={style.all} href="/alerts">
              All {counted(alerts.firing + alerts.pending, 'alert')}
            </a>
          )}
        </div>
      )}
      <Section title="Room left" more={resources.total > 0 && <a href="/resources">All resources</a>}>
        <Room overview={overview} />
      </Section>
      <Pair uneven>
        <Section title="What changed" more={overview.changes.length > 0 && <a href="/changes">All changes</a>}>
          {overview.changes.length === 0 ? (
            <Empty title="Nothing has changed">Starts, targets that come and go, limits that move and what people deploy stand here.</Empty>
          ) : (
            <ChangeRows changes={overview.changes} label="What changed" />
          )}
        </Section>
        <Section title="Evidence" note="what the above rests on">
          <Watching overview={overview} />
        </Section>
      </Pair>
    </>
  )
}

/** While all is well, the fullest few are enough. */
const FINE_SHOWN = 5

function Room({ overview }: { overview: View }) {
  const { total, by_level: counts, worst } = overview.resources
  if (total === 0) {
    return (
      <Empty title="No resource has a reading yet" command={`curl -s ${location.origin}/api/plimsoll/v1/status`}>
        The first readings come within fifteen seconds of the start. If they do not, see whether a{' '}
        <a href="/targets">target</a> answers.
      </Empty>
    )
  }
  const sick = worst.filter(({ level }) => level !== 'fine')
  const shown = sick.length > 0 ? sick : worst.slice(0, FINE_SHOWN)
  const fineFolded = counts.fine - shown.filter(({ level }) => level === 'fine').length
  const otherFolded = total - shown.length - fineFolded
  return (
    <>
      <ResourceList resources={shown} label="Resources with the least room" />
      {(fineFolded > 0 || otherFolded > 0) && (
        <p class={style.fold}>
          {otherFolded > 0 && <a href="/resources">{counted(otherFolded, 'more')} to look at</a>}
          {fineFolded > 0 && (
            <a href="/resources?level=fine">
              {sick.length > 0 ? `${counted(fineFolded, 'other is', 'others are')} fine` : `${counted(fineFolded, 'more is', 'more are')} fine`}
            </a>
          )}
        </p>
      )}
    </>
  )
}
