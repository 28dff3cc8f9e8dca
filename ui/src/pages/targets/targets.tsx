// What is collected from, whether it answers, and how to add one.
import { useAddress } from '../../address/address'
import { useTargets } from '../../api/queries'
import type { Health, TargetView } from '../../api/types'
import { Empty, Face, Remarks } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { HEALTH_MOOD } from '../../parts/level'
import { Head, Section, Tools } from '../../parts/page/page'
import { counted } from '../../text/numbers'
import { HowToAdd } from './how-to-add'
import { TargetList } from './target-list'

const HEALTHS: readonly Health[] = ['down', 'unknown', 'up']
const WORST: Record<Health, number> = { down: 0, unknown: 1, up: 2 }

export default function Targets() {
  const asked = useTargets()
  const targets = asked.data?.targets
  const down = targets?.filter(({ health }) => health === 'down').length ?? 0
  return (
    <>
      <Head title="Targets" note={targets && `${counted(targets.length, 'target')}, ${down === 0 ? 'none down' : `${down} down`}`} />
      <Face
        asked={asked}
        what="targets"
        rows={6}
        empty={(list) =>
          list.targets.length === 0 ? (
            <Empty title="Nothing is collected">
              Watching this host is off in the settings, and no exporter is named. Name one as below, or set{' '}
              <code>host.enabled: true</code>.
            </Empty>
          ) : null
        }
      >
        {(list) => (
          <>
            <Remarks label="Not read" remarks={list.complaints} />
            <Full targets={list.targets} />
          </>
        )}
      </Face>
      <HowToAdd />
    </>
  )
}

function Full({ targets }: { targets: readonly TargetView[] }) {
  const { query, link } = useAddress()
  const found = targets
    .filter(
      (one) =>
        (!query['health'] || one.health === query['health']) &&
        matches(query['find'], [one.job, one.instance, one.url, one.error ?? '', ...Object.values(one.labels)]),
    )
    .toSorted((one, other) => WORST[one.health] - WORST[other.health] || (one.instance < other.instance ? -1 : 1))
  const jobs = [...new Set(found.map(({ job }) => job))]
  const choices = HEALTHS.map((value) => ({
    value,
    text: value,
    mood: HEALTH_MOOD[value],
    count: targets.filter(({ health }) => health === value).length,
  })).filter(({ count, value }) => count > 0 || query['health'] === value)

  return (
    <>
      <Tools>
        <WordFilter label="Filter targets" />
        <Choices label="Health" field="health" choices={[{ value: null, text: 'all', count: targets.length }, ...choices]} />
      </Tools>
      {found.length === 0 && (
        <Empty title="No target matches">
          <a href={link({ find: null, health: null })}>Show all {targets.length}</a>
        </Empty>
      )}
      {jobs.map((job) => {
        const members = found.filter((one) => one.job === job)
        const up = members.filter(({ health }) => health === 'up').length
        return (
          <Section key={job} title={job} note={`${up} of ${members.length} up`}>
            <TargetList targets={members} label={`Targets of ${job}`} />
          </Section>
        )
      })}
    </>
  )
}
