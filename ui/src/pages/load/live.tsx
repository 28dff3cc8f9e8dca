// A load test that goes on, second by second.
import { useRoute } from 'preact-iso'

import { useLiveRun } from '../../api/load'
import type { LiveView } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { LinkButton } from '../../parts/form/form'
import { Word } from '../../parts/level'
import { Path, useTitle } from '../../parts/page/page'
import { Soft, Standing, Verdict } from '../../parts/page/standing'
import { useNow } from '../../shell/now'
import { say } from '../../text/numbers'
import { saySpan } from '../../text/time'
import { Courses } from './course/courses'
import { LIVE_MOOD, millisText, passedOf, secondsText } from './rows'
import { StopOne } from './stop'
import style from './load.module.css'

export default function Live() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const asked = useLiveRun(id)
  return (
    <>
      <Path to="/load" list="Load runs" here={asked.data?.plan ?? id} />
      <Face asked={asked} what="run that goes on" rows={8}>
        {(run) => <Full run={run} />}
      </Face>
    </>
  )
}

function Full({ run }: { run: LiveView }) {
  const { id, plan, service, release, by, targets, seconds, gate, state, why, heard, last, rows } = run
  useTitle(`${plan}, ${state}`)
  const now = useNow(1_000)
  const passed = passedOf(run, now)
  return (
    <>
      <Standing title={plan} words={<Word mood={LIVE_MOOD[state] ?? 'unknown'} word={state} />}>
        <Verdict>
          {last ? (
            <>
              <b>{say('per_second', last.good)}</b> answered well<span> · p95 {millisText(last.response_p95_ms)}</span>
              <span data-bad={last.failed > 0}> · {last.failed > 0 ? `${last.failed} failed in the last second` : 'none failed'}</span>
            </>
          ) : (
            'Waiting for its first second'
          )}
        </Verdict>
        <progress class={style.bar} value={passed} max={Math.max(1, seconds)} aria-label={`Progress of ${plan}`} />
        <Soft>
          {secondsText(passed)} of {secondsText(seconds)} against {targets.join(', ')}
          {service && ` for ${service}`}
          {release && `, release ${release}`}
          {gate && `, ${gate.side} in round ${gate.round} of a gate`}
          {by && `, by ${by}`}.{state === 'lost' && ` Nothing was heard of it for ${saySpan(now - heard)}.`}
          {why && ` ${why}.`}
        </Soft>
        <div class={style.actions}>
          {state === 'running' && <StopOne id={id} />}
          {state === 'ended' && (
            <LinkButton kind="main" to={`/load/runs/${encodeURIComponent(id)}`}>
              Its report
            </LinkButton>
          )}
        </div>
      </Standing>
      {rows.length === 0 ? (
        <Empty title="No second is over yet">The first figures come within two seconds.</Empty>
      ) : (
        <Courses title={plan} step={1} rows={rows} length={rows.length >= ROWS_MAX ? 0 : seconds} />
      )}
    </>
  )
}

/** So many seconds are kept of a run that goes on; of a longer one its last ones are shown. */
const ROWS_MAX = 600
