// Load tests: those that go on now, and those that are over, newest first.
import { useAddress } from '../../address/address'
import { useLiveRuns, useRuns } from '../../api/load'
import type { LiveView, RunList, RunView } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { Choices, matches, WordFilter } from '../../parts/filter'
import { LinkButton } from '../../parts/form/form'
import { Word } from '../../parts/level'
import { Head, Section, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { counted, percent, say, whole } from '../../text/numbers'
import { ago, moment } from '../../text/time'
import { GATE_MOOD, gateRunText, gathered, LIVE_MOOD, millisText, passedOf, RUN_MOOD, secondsText, wordOf, type GateRuns } from './rows'
import { Schedules } from './schedules'
import { StopAll } from './stop'
import style from './load.module.css'

/** More than these have no colours of their own. */
const OVERLAY_MAX = 8
const WORDS = ['goes_on', 'passed', 'failed', 'invalid', 'unanswered', 'broken_off'] as const

export default function Runs() {
  const { query } = useAddress()
  const asked = useRuns(query['plan'] ?? null)
  return (
    <>
      <Head title="Load runs" note={asked.data && counted(asked.data.runs.length, 'run')}>
        <StopAll />
      </Head>
      <Live />
      <Schedules />
      <Face asked={asked} what="load runs" rows={6} empty={({ runs }) => (runs.length === 0 && !query['plan'] ? <Nothing /> : null)}>
        {(list) => <Full list={list} />}
      </Face>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="No load test was told here yet" command={`plimsoll load http://localhost:8080/ --rate 500 --for 1m --send ${location.origin}`}>
      A run that is started with <code>--send</code> is followed here second by second. Its report stays, is laid over others, and compared with
      the baseline of its plan:
    </Empty>
  )
}

function Live() {
  const list = useLiveRuns().data
  const now = useNow(1_000)
  // What ended a while ago stands among the finished ones.
  const shown = (list?.runs ?? []).filter(({ state, heard }) => state !== 'ended' || now - heard < 60_000)
  if (shown.length === 0) return null
  return (
    <Section title="Going on now">
      <ul class={style.live} aria-label="Load tests that go on">
        {shown.map((run) => (
          <LiveRow key={run.id} run={run} now={now} />
        ))}
      </ul>
    </Section>
  )
}

function LiveRow({ run, now }: { run: LiveView; now: number }) {
  const { id, plan, service, targets, seconds, gate, state, last } = run
  const to = state === 'ended' ? `/load/runs/${encodeURIComponent(id)}` : `/load/live/${encodeURIComponent(id)}`
  const passed = passedOf(run, now)
  return (
    <li class={style.row}>
      <span class={style.word}>
        <Word mood={LIVE_MOOD[state] ?? 'unknown'} word={state} />
      </span>
      <span class={style.name}>
        <a href={to}>{plan}</a>
        <span class={style.of}>{[gate && gateRunText(gate), service, ...targets].filter(Boolean).join(' · ')}</span>
      </span>
      <span class={style.progress}>
        <progress value={passed} max={Math.max(1, seconds)} aria-label={`Progress of ${plan}`} />
        <span class={style.of}>
          {secondsText(passed)} of {secondsText(seconds)}
        </span>
      </span>
      {state === 'ended' ? (
        <span class={style.over}>its report is among the finished ones</span>
      ) : (
        <>
          <span class={style.figure}>{last ? say('per_second', last.good) : '–'}</span>
          <span class={style.figure}>p95 {millisText(last?.response_p95_ms)}</span>
          <span class={style.figure} data-bad={(last?.failed ?? 0) > 0}>
            {last && last.failed > 0 ? `${whole(last.failed)} failed` : 'none failed'}
          </span>
        </>
      )}
    </li>
  )
}

function Full({ list: { runs, next } }: { list: RunList }) {
  const { query, link } = useAddress()
  const { word, plan } = query
  const all = gathered(runs.filter(({ run }) => matches(query['find'], [run.plan, run.service ?? '', run.release ?? '', run.by, run.word, ...run.targets])))
  const found = all.filter((entry) => !word || wordOf(entry) === word)
  const plans = [...new Set(runs.map(({ run }) => run.plan))].toSorted()
  const chosen = (query['over'] ?? '').split(',').filter(Boolean)
  return (
    <Section title="Finished" note="newest first; choose several to lay them over each other">
      <Tools>
        <WordFilter label="Filter runs" />
        <Choices
          label="How it ended"
          field="word"
          choices={[
            { value: null, text: 'all', count: all.length },
            ...WORDS.map((value) => ({ value, text: value.replace('_', ' '), mood: RUN_MOOD[value] ?? GATE_MOOD[value], count: all.filter((entry) => wordOf(entry) === value).length })).filter(({ count }) => count > 0),
          ]}
        />
        {(plans.length > 1 || plan) && <Plans plans={plans} />}
        {chosen.length > 1 && (
          <LinkButton kind="main" to={`/load/overlay?runs=${encodeURIComponent(chosen.join(','))}`}>
            Lay {chosen.length} over each other
          </LinkButton>
        )}
      </Tools>
      {found.length === 0 ? (
        <Empty title="No run matches">
          <a href={link({ find: null, word: null, plan: null })}>Show all</a>
        </Empty>
      ) : (
        <div class={style.list}>
          <div class={style.header} aria-hidden="true">
            <span />
            <span>Verdict</span>
            <span>Plan</span>
            <span>Answered well</span>
            <span>p95</span>
            <span>p99</span>
            <span>Failed</span>
            <span>When</span>
          </div>
          <ul aria-label="Load tests that are over, newest first">
            {found.map((own) => ('gate' in own ? <GateRow key={own.gate} {...own} /> : <Row key={own.run.id} view={own} chosen={chosen} />))}
          </ul>
        </div>
      )}
      {next !== null && <p class={style.more}>The newest {runs.length} are shown. Choose a plan for its older ones.</p>}
    </Section>
  )
}

/** Plans may be whole addresses, which only a list of choices has room for. */
function Plans({ plans }: { plans: readonly string[] }) {
  const { query, set } = useAddress()
  return (
    <select class={style.plans} aria-label="Plan" value={query['plan'] ?? ''} onChange={(event) => set({ plan: event.currentTarget.value })}>
      <option value="">every plan</option>
      {plans.map((plan) => (
        <option key={plan} value={plan}>
          {plan}
        </option>
      ))}
    </select>
  )
}

function GateRow({ gate, verdict, runs }: GateRuns) {
  const now = useNow(60_000)
  const newest = runs[0]?.run
  const releases = [...new Set(runs.toSorted((one) => (one.run.gate?.side === 'before' ? -1 : 1)).map(({ run }) => run.release ?? run.gate?.side))]
  return (
    <li class={style.run}>
      <span class={style.choose} />
      <span class={style.word}>
        <Word mood={GATE_MOOD[verdict] ?? 'unknown'} word={verdict.replace('_', ' ')} />
      </span>
      <span class={style.name}>
        <a href={`/load/gates/${encodeURIComponent(gate)}`}>{newest?.plan}</a>
        <span class={style.of}>{['gate', newest?.service, `${releases.join(' → ')}`].filter(Boolean).join(' · ')}</span>
      </span>
      <span class={style.over}>{counted(runs.length, 'run')} in turns{verdict === 'goes_on' && ' so far'}</span>
      <span class={style.when}>{newest && ago(newest.started, now)}</span>
    </li>
  )
}

function Row({ view: { run, baseline, report_kept }, chosen }: { view: RunView; chosen: readonly string[] }) {
  const { set } = useAddress()
  const now = useNow(60_000)
  const { id, plan, service, release, figures, word, started } = run
  const isChosen = chosen.includes(id)
  const choose = (wanted: boolean) => set({ over: [...chosen.filter((own) => own !== id), ...(wanted ? [id] : [])].join(',') }, 'replace')
  return (
    <li class={style.run}>
      <span class={style.choose}>
        <input
          type="checkbox"
          aria-label={`Choose ${plan} of ${moment(started, now)}`}
          checked={isChosen}
          disabled={!report_kept || (!isChosen && chosen.length >= OVERLAY_MAX)}
          onChange={(event) => choose(event.currentTarget.checked)}
        />
      </span>
      <span class={style.word}>
        <Word mood={RUN_MOOD[word] ?? 'unknown'} word={word.replace('_', ' ')} />
      </span>
      <span class={style.name}>
        <a href={`/load/runs/${encodeURIComponent(id)}`}>{plan}</a>
        <span class={style.of}>
          {[baseline ? 'the baseline' : null, service, release && `release ${release}`, run.profile && `profile ${run.profile}`].filter(Boolean).join(' · ')}
        </span>
      </span>
      <span class={style.figure}>{say('per_second', figures.good_per_second)}</span>
      <span class={style.figure}>
        <span class={style.label}>p95 </span>
        {millisText(figures.response_p95_ms)}
      </span>
      <span class={style.figure}>
        <span class={style.label}>p99 </span>
        {millisText(figures.response_p99_ms)}
      </span>
      <span class={style.figure} data-bad={(figures.failed_share ?? 0) > 0}>
        <span class={style.label}>failed </span>
        {percent(figures.failed_share)}
      </span>
      <span class={style.when}>{ago(started, now)}</span>
    </li>
  )
}
