// All resources, worst first, narrowed by word and level.
import { useAddress } from '../../address/address'
import { useResources } from '../../api/queries'
import type { ReadingLevel, ResourceView } from '../../api/types'
import { Empty, Face, Remarks } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { Head, Section, Tools } from '../../parts/page/page'
import { ResourceList } from '../../parts/room/resource-list'
import { counted } from '../../text/numbers'

const LEVELS: readonly ReadingLevel[] = ['critical', 'warning', 'notice', 'unknown', 'fine']

/** Rules and objectives that cannot be evaluated say so on their own pages. */
const SHOWN_ELSEWHERE = /^(rule|objective) /

export default function Resources() {
  const asked = useResources()
  const total = asked.data?.resources.length
  return (
    <>
      <Head title="Resources" note={total === undefined ? null : `${counted(total, 'thing')} with a limit, worst first`} />
      <Face asked={asked} what="resources" rows={10} empty={({ resources }) => (resources.length === 0 ? <Nothing /> : null)}>
        {({ resources, troubles }) => (
          <>
            <Remarks label="Not evaluated" remarks={troubles.filter(({ subject }) => !SHOWN_ELSEWHERE.test(subject)).map(({ subject, error }) => `${subject}: ${error}`)} />
            <Full resources={resources} />
          </>
        )}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="No resource has a reading yet" command="plimsoll check --config plimsoll.yaml">
      A resource is two expressions, used and limit; this host's come with Plimsoll and read fifteen seconds after the start. Your
      own stand under <code>resources:</code> in the settings, which this checks:
    </Empty>
  )
}

function Full({ resources }: { resources: readonly ResourceView[] }) {
  const { query, link } = useAddress()
  const level = query['level']
  const found = resources.filter(
    (one) =>
      (!level || one.level === level) &&
      matches(query['find'], [one.title, one.name, one.owner, one.level, ...Object.values(one.labels)]),
  )
  const sick = found.filter((one) => one.level !== 'fine')
  const fine = found.filter((one) => one.level === 'fine')
  const choices = LEVELS.map((value) => ({
    value,
    text: value,
    mood: value,
    count: resources.filter((one) => one.level === value).length,
  })).filter(({ count, value }) => count > 0 || value === level)

  return (
    <>
      <Tools>
        <WordFilter label="Filter resources" />
        <Choices label="Level" field="level" choices={[{ value: null, text: 'all', count: resources.length }, ...choices]} />
      </Tools>
      {found.length === 0 && (
        <Empty title="No resource matches">
          <a href={link({ find: null, level: null })}>Show all {resources.length}</a>
        </Empty>
      )}
      {sick.length > 0 && (
        <Section title="To look at" note={String(sick.length)}>
          <ResourceList resources={sick} label="Resources to look at" />
        </Section>
      )}
      {fine.length > 0 && (
        <Section title="Fine" note={String(fine.length)}>
          <ResourceList resources={fine} label="Resources that are fine" />
        </Section>
      )}
    </>
  )
}
