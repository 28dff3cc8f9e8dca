// A gate of a release: several runs of two releases in turns, and whether the second is worse.
import { useRoute } from 'preact-iso'

import { useGate } from '../../api/load'
import type { GateTold, GateView } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { Word, type Mood } from '../../parts/level'
import { Path, Section, useTitle } from '../../parts/page/page'
import { Soft, Standing, Verdict } from '../../parts/page/standing'
import { Table } from '../../parts/sheet/table'
import { counted, percent, say } from '../../text/numbers'
import { momentFull } from '../../text/time'
import { differenceText, GATE_MOOD, millisText, RUN_MOOD } from './rows'
import style from './load.module.css'

export default function Gate() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const asked = useGate(id)
  return (
    <>
      <Path to="/load" list="Load runs" here={asked.data ? `gate of ${asked.data.gate.plan}` : id} />
      <Face asked={asked} what="gate" rows={8}>
        {(view) => <Full key={view.gate.id} view={view} />}
      </Face>
    </>
  )
}

const SAID: Record<string, string> = {
  passed: 'is no worse than',
  failed: 'is worse than',
  refused: 'cannot be compared with',
  goes_on: 'is being compared with',
  broken_off: 'was not compared to the end with',
}

function Full({ view: { verdict, gate, runs } }: { view: GateView }) {
  const { plan, service, release, release_before, by, told_at, refused, changes, impact } = gate
  useTitle(`${plan}, gate ${verdict.replace('_', ' ')}`)
  const isOver = verdict !== 'goes_on' && verdict !== 'broken_off'
  const ids = runs.filter(({ report_kept }) => report_kept).map(({ run }) => run.id)
  return (
    <>
      <Standing title={plan} words={<Word mood={GATE_MOOD[verdict] ?? 'unknown'} word={`gate ${verdict.replace('_', ' ')}`} />}>
        <Verdict>
          <b>{release ?? 'The release'}</b> {SAID[verdict] ?? verdict} {release_before ?? 'the one before'}
        </Verdict>
        <Soft>
          {counted(runs.length, 'run')} in turns{isOver ? ', judged' : ' so far, the last told'} {momentFull(told_at)}
          {by && ` by ${by}`}
          {service && (
            <>
              , for <a href={`/capacity/services/${encodeURIComponent(service)}`}>{service}</a>
            </>
          )}
          .
        </Soft>
      </Standing>
      {refused.length > 0 && (
        <Section title="Why nothing can be said">
          <ul class={style.doubts}>
            {refused.map((why) => (
              <li key={why}>{why}</li>
            ))}
          </ul>
        </Section>
      )}
      {isOver && refused.length === 0 && <Changes changes={changes} />}
      {impact.length > 0 && <Impact impact={impact} />}
      <Section
        title="Its runs"
        note="in the order in which they ran"
        more={ids.length > 1 && <a href={`/load/overlay?runs=${encodeURIComponent(ids.slice(0, OVERLAY_MAX).join(','))}`}>Lay over each other</a>}
      >
        <Runs runs={runs} gate={gate} />
      </Section>
    </>
  )
}

/** More than these have no colours of their own. */
const OVERLAY_MAX = 8

function Changes({ changes }: { changes: GateTold['changes'] }) {
  if (changes.length === 0) {
    return (
      <Section title="What changed">
        <Empty title="No figure changed">None differs by more than the runs of one release do among themselves.</Empty>
      </Section>
    )
  }
  return (
    <Section title="What changed" note="figures that surely differ">
      <Table label="What changed" figures>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col">Difference</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ step, figure, difference, change }) => (
            <tr key={`${step} ${figure}`}>
              <th scope="row">
                {figure}
                {step && <span class={style.of}>{step}</span>}
              </th>
              <td>{differenceText(difference, figure)}</td>
              <td>
                <Word mood={change === 'worse' ? 'critical' : 'fine'} word={change} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Section>
  )
}

function Impact({ impact }: { impact: GateTold['impact'] }) {
  return (
    <Section title="What each request takes" note="of machines, beside the release before">
      <Table label="What each request takes" figures>
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <th scope="col">Difference</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {impact.map(({ resource, difference, changed, budget, kept }) => (
            <tr key={resource}>
              <th scope="row">
                {resource}
                {budget && <span class={style.of}>budget {budgetText(budget, resource)}</span>}
              </th>
              <td>{differenceText(difference)}</td>
              <td>{impactWord(changed, kept)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Section>
  )
}

/** `cpu <= +5%` of CPU is `≤ +5 %`. */
function budgetText(budget: string, resource: string): string {
  const rest = budget.startsWith(`${resource} `) ? budget.slice(resource.length + 1) : budget
  return rest.replace('<=', '≤').replace(/(\d)%/, '$1\u00a0%')
}

function impactWord(changed: boolean, kept: boolean | null) {
  const [mood, word]: [Mood, string] = kept === false ? ['critical', 'exceeded'] : kept ? ['fine', 'kept'] : changed ? ['notice', 'changed'] : ['fine', 'no change']
  return <Word mood={mood} word={word} />
}

function Runs({ runs, gate: { release, release_before } }: { runs: GateView['runs']; gate: GateTold }) {
  return (
    <Table label="Its runs" figures>
      <thead>
        <tr>
          <th scope="col">Round</th>
          <th scope="col" data-words>Release</th>
          <th scope="col" data-words>Verdict</th>
          <th scope="col">Answered well</th>
          <th scope="col">p95</th>
          <th scope="col">p99</th>
          <th scope="col">Failed</th>
        </tr>
      </thead>
      <tbody>
        {runs.map(({ run: { id, gate, word, figures } }) => (
          <tr key={id}>
            <th scope="row">{gate?.round}</th>
            <td data-words>
              <a href={`/load/runs/${encodeURIComponent(id)}`}>{(gate?.side === 'before' ? release_before : release) ?? gate?.side}</a>
              <span class={style.of}>{gate?.side}</span>
            </td>
            <td data-words>
              <Word mood={RUN_MOOD[word] ?? 'unknown'} word={word.replace('_', ' ')} />
            </td>
            <td>{say('per_second', figures.good_per_second)}</td>
            <td>{millisText(figures.response_p95_ms)}</td>
            <td>{millisText(figures.response_p99_ms)}</td>
            <td data-bad={(figures.failed_share ?? 0) > 0}>{percent(figures.failed_share)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
