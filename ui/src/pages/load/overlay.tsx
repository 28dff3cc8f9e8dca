// Several load tests over each other, from their beginnings.
import { useAddress } from '../../address/address'
import { useOverlay } from '../../api/load'
import type { Overlay as Answer, OverlayRun } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { Choices } from '../../parts/filter'
import { Head, Path, Section, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { counted, plain, say } from '../../text/numbers'
import { MINUTE, moment } from '../../text/time'
import { drawnPlaces, highest, millisText } from './rows'
import { Seconds, type SecondsLine } from './course/seconds'
import style from './load.module.css'

const PERCENTILES = { p95: 'response_p95_ms', p50: 'response_p50_ms', p99: 'response_p99_ms' } as const
const DASHES: readonly (string | undefined)[] = [undefined, '7 4', '2 3', '9 3 2 3']

export default function Overlay() {
  const { query } = useAddress()
  const ids = (query['runs'] ?? '').split(',').filter(Boolean)
  const asked = useOverlay(ids)
  return (
    <>
      <Path to="/load" list="Load runs" here="Over each other" />
      <Head title="Runs over each other" note={counted(ids.length, 'run')} />
      {ids.length === 0 ? (
        <Empty title="No run is chosen">
          Choose several on the page of <a href="/load">load runs</a>.
        </Empty>
      ) : (
        <Face asked={asked} what="runs" rows={7}>
          {(answer) => <Full answer={answer} />}
        </Face>
      )}
    </>
  )
}

function Full({ answer: { runs } }: { answer: Answer }) {
  const { query } = useAddress()
  const now = useNow(MINUTE)
  const chosen = query['of'] === 'p50' || query['of'] === 'p99' ? query['of'] : 'p95'
  const names = runs.map((run) => nameOf(run, now))
  const lines = (pick: (run: OverlayRun) => readonly (number | null)[]): SecondsLine[] =>
    runs.map((run, index) => {
      const places = drawnPlaces(run.row_seconds, run.last_seconds, run.failed)
      return {
        label: names[index] ?? run.id,
        token: `series-${(index % 6) + 1}`,
        dash: DASHES[index % DASHES.length],
        step: run.row_seconds,
        last: places < run.failed.length ? run.row_seconds : run.last_seconds,
        values: pick(run).slice(0, places),
      }
    })
  const times = lines((run) => run[PERCENTILES[chosen]])
  return (
    <>
      <Tools>
        <Choices label="Percentile" field="of" choices={Object.keys(PERCENTILES).map((name) => ({ value: name === 'p95' ? null : name, text: name }))} />
      </Tools>
      <Section title="From their beginnings">
        <Seconds title={`Response ${chosen}`} summary={`from when each was due; ${millisText(highest(times.map(({ values }) => values)))} at worst`} say={millisText} lines={times} />
        <Seconds title="Answered well" summary="a second" say={(value) => say('per_second', value)} lines={lines((run) => run.good)} />
        <Seconds title="Failed" summary="a second" say={(value) => say('per_second', value)} lines={lines((run) => run.failed)} />
        <Seconds title="On their way" summary="asked, and not answered yet" say={plain} lines={lines((run) => run.in_flight)} />
      </Section>
      <Section title="The runs">
        <ul class={style.rules} aria-label="The runs">
          {runs.map((run, index) => (
            <li key={run.id}>
              <a href={`/load/runs/${encodeURIComponent(run.id)}`}>{names[index]}</a>
            </li>
          ))}
        </ul>
      </Section>
    </>
  )
}

function nameOf({ plan, release, started }: OverlayRun, now: number): string {
  return `${plan}${release ? ` ${release}` : ''}, ${moment(started, now)}`
}
