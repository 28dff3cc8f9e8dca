// One load test that is over: whether it can be believed, how the target bore it, and what is different from the baseline.
import { useRoute } from 'preact-iso'

import { API } from '../../api/client'
import { useBaseline, useComparison, useRun } from '../../api/load'
import type { ComparedFigure, LoadReport, RequestFigures, RunDetail, RunTold } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { Button, LinkButton, Refused } from '../../parts/form/form'
import { Word, type Mood } from '../../parts/level'
import { Path, Section, useTitle } from '../../parts/page/page'
import { Soft, Standing as Top, Verdict } from '../../parts/page/standing'
import { Facts as FactSheet } from '../../parts/sheet/facts'
import { Table } from '../../parts/sheet/table'
import { counted, percent, plain, say, whole } from '../../text/numbers'
import { momentFull } from '../../text/time'
import { Courses } from './course/courses'
import { Taken } from './course/taken'
import { differenceText, drawnRows, figureText, millisText, RUN_MOOD, secondsText } from './rows'
import style from './load.module.css'

export default function Run() {
  const { params } = useRoute()
  const id = params['id'] ?? ''
  const asked = useRun(id)
  return (
    <>
      <Path to="/load" list="Load runs" here={asked.data?.run.plan ?? id} />
      <Face asked={asked} what="load run" rows={8}>
        {(detail) => <Full key={detail.run.id} detail={detail} />}
      </Face>
    </>
  )
}

function Full({ detail }: { detail: RunDetail }) {
  const { run, report, baseline, baseline_of_plan, damage } = detail
  useTitle(`${run.plan}, ${run.word}`)
  return (
    <>
      <Standing detail={detail} />
      {run.doubts.length > 0 && <Doubts run={run} report={report} />}
      <Rules run={run} />
      {report && !baseline && baseline_of_plan !== null && <Comparison run={run} before={baseline_of_plan} />}
      {report ? (
        <>
          <Courses title={run.plan} {...drawnRows(report.timeline, run.took_seconds)} />
          <Steps report={report} />
          {report.taken && <Taken taken={report.taken} />}
          <Section title="The generator and what it saw">
            <Facts run={run} report={report} />
          </Section>
        </>
      ) : (
        <Empty title={damage ? 'Its report cannot be read' : run.word === 'broken_off' ? 'Its report never came' : 'Its report is not here any more'}>
          {damage && `${damage}. `}
          {run.kept_by && `It was kept by ${run.kept_by}. `}Reports of the oldest runs are let go of; what the journal keeps of them stays.
        </Empty>
      )}
    </>
  )
}

const SAID: Record<string, string> = {
  passed: 'bore it',
  failed: 'broke a rule',
  invalid: 'cannot be believed',
  unanswered: 'got no answer',
  broken_off: 'ended without a report',
}

function Standing({ detail: { run, baseline, report_kept, page_kept } }: { detail: RunDetail }) {
  const { figures } = run
  const mark = useBaseline(run.id)
  const path = `${API}/load/runs/${encodeURIComponent(run.id)}`
  return (
    <Top
      title={run.plan}
      words={
        <>
          <Word mood={RUN_MOOD[run.word] ?? 'unknown'} word={run.word.replace('_', ' ')} />
          {baseline && <Word mood="info" word="baseline" />}
        </>
      }
    >
      <Verdict>
        <b>{say('per_second', figures.good_per_second)}</b> answered well<span> · p95 {millisText(figures.response_p95_ms)}</span>
        <span> · {SAID[run.word] ?? run.word}</span>
      </Verdict>
      <Soft>
        {counted(figures.good, 'good answer')}, {counted(figures.failed, 'failed', 'failed')} ({percent(figures.failed_share)}) in{' '}
        {secondsText(run.took_seconds)}, begun {momentFull(run.started)}
        {run.by && ` by ${run.by}`}
        {run.release && `, release ${run.release}`}. {run.model === 'open' ? 'Open model: asked when due, however the target does.' : run.model && `${run.model} model.`}
        {run.ending !== 'done' && ` It was ${run.ending} before its end.`}
        {run.compressed !== null && run.compressed > 1 && ` ${plain(run.compressed)} times shorter than its profile.`}
      </Soft>
      {run.gate && (
        <Soft>
          One run of a gate: {run.gate.side}, round {run.gate.round}. <a href={`/load/gates/${encodeURIComponent(run.gate.id)}`}>The gate</a>
        </Soft>
      )}
      <div class={style.actions}>
        {page_kept && (
          <LinkButton to={`${path}/page`}>Report as a page</LinkButton>
        )}
        {report_kept && <LinkButton to={`${path}/report`}>Report as JSON</LinkButton>}
        {(run.unfit === null || baseline) && report_kept && (
          <Button disabled={mark.isPending} onPress={() => mark.mutate(!baseline)}>
            {baseline ? 'No baseline any more' : 'Make it the baseline'}
          </Button>
        )}
        {run.unfit !== null && <span class={style.soft}>No baseline: {run.unfit.replace(': see its report', '')}</span>}
        <Refused error={mark.error} />
      </div>
    </Top>
  )
}

function Doubts({ run, report }: { run: RunTold; report: LoadReport | null }) {
  const told = report?.verdict.doubts ?? run.doubts.map((text) => ({ text, help: '' }))
  return (
    <Section title="Why it cannot be believed" note="an invalid run never passes and is never a baseline">
      <ul class={style.doubts}>
        {told.map(({ text, help }) => (
          <li key={text}>
            {text}
            {help && <span>{help}</span>}
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Rules({ run: { rules } }: { run: RunTold }) {
  if (rules.length === 0) return null
  return (
    <Section title="Rules of the plan">
      <ul class={style.rules} aria-label="Rules">
        {rules.map(({ rule, kept, value }) => (
          <li key={rule}>
            <Word mood={kept ? 'fine' : 'critical'} word={kept ? 'kept' : 'broken'} />
            <code>{rule}</code>
            <span class={style.soft}>{value === null ? 'nothing to judge by' : `was ${ruleValue(rule, value)}`}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Times are seconds, errors and checks are shares. */
function ruleValue(rule: string, value: number): string {
  if (/%/.test(rule)) return `${(value * 100).toFixed(2)}\u00a0%`
  return /\b\d+(\.\d+)?\s*(ms|s|µs|us)\b/.test(rule) ? millisText(value * 1000) : plain(value)
}

const COMPARED: Record<string, { mood: Mood; text: string }> = {
  'no change': { mood: 'fine', text: 'no change' },
  better: { mood: 'fine', text: 'better' },
  worse: { mood: 'critical', text: 'worse' },
  refused: { mood: 'unknown', text: 'cannot be compared' },
}

function Comparison({ run, before }: { run: RunTold; before: string }) {
  const asked = useComparison(run.id, before)
  return (
    <Section
      title="Against the baseline"
      note="the true difference lies between, 19 times of 20; a smaller one than the last figure nobody would have seen"
      more={<a href={`/load/overlay?runs=${encodeURIComponent(`${before},${run.id}`)}`}>Lay over each other</a>}
    >
      <Face asked={asked} what="comparison" rows={3}>
        {({ word, refused, figures }) => (
          <>
            <p class={style.compared}>
              <Word mood={COMPARED[word]?.mood ?? 'unknown'} word={COMPARED[word]?.text ?? word} />
              {refused.length > 0 && <span>{refused.map((why) => why.replaceAll(run.id, 'this run').replaceAll(before, 'the baseline')).join('; ')}</span>}
            </p>
            {figures.length > 0 && <Figures figures={figures} />}
          </>
        )}
      </Face>
    </Section>
  )
}

function Figures({ figures }: { figures: readonly ComparedFigure[] }) {
  return (
    <Table label="Figures against the baseline" figures>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
            <th scope="col">Difference</th>
            <th scope="col">Between</th>
            <th scope="col">Would have seen</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {figures.map((own) => (
            <tr key={`${own.step} ${own.figure}`}>
              <th scope="row">
                {own.figure}
                {own.step && <span class={style.of}>{own.step}</span>}
              </th>
              <td>{figureText(own.figure, own.before)}</td>
              <td>{figureText(own.figure, own.after)}</td>
              <td>{differenceText(own.difference, own.figure)}</td>
              <td>
                {differenceText(own.between[0] ?? null, own.figure)} to {differenceText(own.between[1] ?? null, own.figure)}
              </td>
              <td>{own.detectable === null ? '–' : differenceText(own.detectable, own.figure).replace('+', '±')}</td>
              <td>
                <Word mood={own.change === 'worse' ? 'critical' : 'fine'} word={own.change === 'none' ? 'no change' : own.change} />
              </td>
            </tr>
          ))}
        </tbody>
    </Table>
  )
}

function Steps({ report: { steps, requests } }: { report: LoadReport }) {
  const rows = steps.length > 1 ? [...steps, { ...requests, scenario: '', step: 'all together' }] : steps
  return (
    <Section title="Step by step" note="response is from when a request was due, service from when it was sent">
      <Table label="Step by step" caption="Answers and times of each step" figures>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Good</th>
              <th scope="col">Failed</th>
              <th scope="col">Response p50</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
              <th scope="col">Max</th>
              <th scope="col">Service p95</th>
              <th scope="col" data-words>Statuses</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((own) => (
              <tr key={`${own.scenario} ${own.step}`}>
                <th scope="row">
                  {own.step}
                  <span class={style.of}>{own.scenario}</span>
                </th>
                <td>{whole(own.good)}</td>
                <td data-bad={own.failed > 0}>{whole(own.failed)}</td>
                <td>{millisText(own.response.p50_ms)}</td>
                <td>{millisText(own.response.p95_ms)}</td>
                <td>{millisText(own.response.p99_ms)}</td>
                <td>{millisText(own.response.max_ms)}</td>
                <td>{millisText(own.service.p95_ms)}</td>
                <td data-words>{countsText(own)}</td>
              </tr>
            ))}
          </tbody>
      </Table>
    </Section>
  )
}

/** Refused answers stand there by their status already. */
function countsText({ statuses, troubles }: Pick<RequestFigures, 'statuses' | 'troubles'>): string {
  return Object.entries({ ...statuses, ...troubles })
    .filter(([name]) => name !== 'status')
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name}: ${whole(count)}`)
    .join(', ')
}

function Facts({ run, report }: { run: RunTold; report: LoadReport }) {
  const { generator, requests, journeys, recovery, trends } = report
  return (
    <FactSheet>
      <dt>Targets</dt>
      <dd>{run.targets.join(', ') || '–'}</dd>
      {run.service && (
        <>
          <dt>Service</dt>
          <dd>
            <a href={`/capacity/services/${encodeURIComponent(run.service)}`}>{run.service}</a>
          </dd>
        </>
      )}
      {journeys && (
        <>
          <dt>Journeys</dt>
          <dd>
            {whole(journeys.begun)} of {whole(journeys.due)} that were due began
            {journeys.unsent > 0 && `; ${whole(journeys.unsent)} were never sent`}
          </dd>
        </>
      )}
      <dt>Send lag</dt>
      <dd>
        {millisText(requests.send_lag.p50_ms)} in the middle, {millisText(requests.send_lag.p99_ms)} at p99
      </dd>
      <dt>Generator</dt>
      <dd>
        {counted(generator.workers, 'worker')}, {percent(generator.cpu_share)} of its CPU
      </dd>
      {recovery && (
        <>
          <dt>Recovery</dt>
          <dd>
            {recovery.seconds === null ? 'it did not recover' : `${secondsText(recovery.seconds)} after the spike`}; p95 before was{' '}
            {millisText(recovery.before_p95_ms)}
          </dd>
        </>
      )}
      {trends.map(({ name, word, each_minute }) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name} is`}>
          {word.replace('_', ' ')}
          {each_minute !== null && word === 'grows' && `, ${plain(each_minute)} a minute`}
        </dd>,
      ])}
    </FactSheet>
  )
}
