// Any question in PromQL: the query, its window and its step stand in the address.
import { useEffect, useState } from 'preact/hooks'

import { useAddress, useWindow } from '../../address/address'
import { patched } from '../../address/window'
import { useRange } from '../../api/prometheus'
import { RangePicker } from '../../chart/range/range-picker'
import { Empty } from '../../parts/face/face'
import { Head, Tools } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { HOUR, MINUTE, parseSpan, spanText } from '../../text/time'
import { OverTime } from './answer'
import { Editor } from './editor'
import style from './explore.module.css'
import { useMetricNames } from './complete/offers'
import { autoStep, shownAt, type Shown } from '../../chart/series'
import { ValueTable } from './value-table'

const POINTS = 400
const POINTS_NARROW = 160
/** A server answers at most this many points for each series. */
const POINTS_MAX = 11_000

export default function Explore() {
  const { query: fields, set } = useAddress()
  const query = fields['query'] ?? ''
  const [draft, setDraft] = useState(query)
  useEffect(() => setDraft(query), [query])
  const [window, setWindow] = useWindow(HOUR)
  const shown = useShown(window, fields['step'], query)

  const run = () => {
    const wanted = draft.trim()
    if (wanted !== query) set({ query: wanted })
  }

  return (
    <>
      <Head title="Explore" note="ask anything in PromQL" />
      <EditorOf draft={draft} query={query} shown={shown} onText={setDraft} onRun={run} />
      {query === '' ? (
        <Examples />
      ) : (
        <>
          <Tools>
            <RangePicker window={window} onChange={setWindow} />
            <StepField step={shown.step} />
          </Tools>
          <div class={style.answer}>
            <OverTime
              query={query}
              shown={shown}
              onZoom={(from, to) => setWindow({ kind: 'fixed', from, to })}
            />
          </div>
          <ValueTable query={query} at={shown.to} />
        </>
      )}
    </>
  )
}

type EditorProps = { draft: string; query: string; shown: Shown; onText: (text: string) => void; onRun: () => void }

function EditorOf({ draft, query, shown, onText, onRun }: EditorProps) {
  return query === '' ? (
    <Editor text={draft} onText={onText} onRun={onRun} wrong={false} />
  ) : (
    <EditorWithAnswer draft={draft} query={query} shown={shown} onText={onText} onRun={onRun} />
  )
}

function EditorWithAnswer({ draft, query, shown, onText, onRun }: EditorProps) {
  const asked = useRange(query, shown)
  const again = () => (draft.trim() === query ? void asked.refetch() : onRun())
  return <Editor text={draft} onText={onText} onRun={again} wrong={asked.error?.kind === 'invalid' && draft === query} />
}

function useShown(window: ReturnType<typeof useWindow>[0], stepText: string | undefined, query: string): Shown {
  const width = window.kind === 'moving' ? window.span : window.to - window.from
  const period = Math.min(5 * MINUTE, Math.max(5_000, width / 300))
  const now = useNow(period, query)
  const auto = autoStep(width, innerWidth < 600 ? POINTS_NARROW : POINTS)
  const step = Math.max(parseSpan(stepText ?? '') ?? auto, Math.ceil(width / POINTS_MAX / 1_000) * 1_000)
  return shownAt(window, now, step)
}

function StepField({ step }: { step: number }) {
  const { query, set } = useAddress()
  const given = query['step'] ?? ''
  const [text, setText] = useState(given)
  useEffect(() => setText(given), [given])
  const wrong = text !== '' && parseSpan(text) === null
  return (
    <label class={style.step}>
      Step
      <input
        type="text"
        value={text}
        placeholder={spanText(step)}
        aria-invalid={wrong}
        title="A span such as 30s or 5m; empty for one that fits"
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={() => {
          if (!wrong) set({ step: text.trim() })
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </label>
  )
}

const EXAMPLES: readonly { text: string; query: string; needs: string }[] = [
  { text: 'Processor time by mode', query: 'sum by (mode) (rate(node_cpu_seconds_total[5m]))', needs: 'node_cpu_seconds_total' },
  {
    text: 'Memory in use',
    query: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
    needs: 'node_memory_MemAvailable_bytes',
  },
  { text: 'Space left on file systems', query: 'node_filesystem_avail_bytes', needs: 'node_filesystem_avail_bytes' },
  {
    text: 'Bytes received by interface',
    query: 'rate(node_network_receive_bytes_total[5m])',
    needs: 'node_network_receive_bytes_total',
  },
  { text: 'Which targets answer', query: 'up', needs: 'up' },
]

function Examples() {
  const names = useMetricNames()
  const known = new Set(names.data)
  const fitting = EXAMPLES.filter(({ needs }) => known.has(needs))
  if (names.data?.length === 0) {
    return (
      <Empty title="There are no series yet" command="plimsoll import --help">
        They come from this host, from <a href="/targets">targets</a>, by remote write, or from a file:
      </Empty>
    )
  }
  return (
    <Empty title="Ask something">
      <p>
        Type a metric's name; what fits is offered while you type. <kbd>Tab</kbd> takes it, <kbd>Enter</kbd> runs.
        {fitting.length > 0 && ' Or begin here:'}
      </p>
      <ul class={style.examples}>
        {fitting.map(({ text, query }) => (
          <li key={query}>
            <a href={patched('/explore', {}, { query })}>{text}</a> <code>{query}</code>
          </li>
        ))}
      </ul>
    </Empty>
  )
}
