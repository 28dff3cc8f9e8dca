// What changed while a chart's window lasts: wedges on its time axis, and the same in words below.
import { useMemo } from 'preact/hooks'

import { patched } from '../address/window'
import { useChanges } from '../api/queries'
import type { ChangeView } from '../api/types'
import { counted, quoted } from '../text/numbers'
import { MINUTE, momentFull } from '../text/time'
import style from './chart.module.css'
import type { Mark } from './plot'

/** What the program notices by itself; the other kinds somebody did. */
const NOTICED: ReadonlySet<string> = new Set(['plimsoll', 'host', 'target', 'resource', 'alert'])
/** All but alerts, which are no cause of what a chart shows. */
const KINDS = ['deployment', 'release', 'configuration', 'scaling', 'failover', 'flag', 'other', 'plimsoll', 'host', 'target', 'resource']
/** A moving window asks anew when it has moved by this part, not at each of its steps. */
const ROUND_PART = 60
const ROUND_MIN = MINUTE
/** More wedges than this are a grey bar. */
const DRAWN_MAX = 60
const SAID_MAX = 4

export type Changes = { marks: readonly Mark[]; changes: readonly ChangeView[]; window: { from: number; to: number } }

export function isNoticed({ kind }: Pick<ChangeView, 'kind'>): boolean {
  return NOTICED.has(kind)
}

export function useMarks(window: { from: number; to: number }): Changes {
  const round = Math.max(ROUND_MIN, (window.to - window.from) / ROUND_PART)
  const since = Math.floor(window.from / round) * round
  const until = Math.ceil(window.to / round) * round
  const asked = useChanges({ since, until, kinds: KINDS }, `${since} ${until}`)
  const all = asked.data?.changes
  return useMemo(() => {
    const inside = (all ?? []).filter(({ at }) => at >= window.from && at <= window.to)
    // What somebody did is said first, and drawn when not all can be.
    const done = inside.filter((change) => !isNoticed(change))
    const changes = [...done, ...inside.filter(isNoticed)]
    const marks = changes.slice(0, DRAWN_MAX).map((change) => ({ at: change.at, loud: !isNoticed(change) }))
    return { marks, changes, window }
  }, [all, window])
}

/** As text under the chart: a canvas says nothing to those who listen. */
export function Marks({ changes: { changes, window } }: { changes: Changes }) {
  if (changes.length === 0) return null
  const more = changes.length - SAID_MAX
  const all = patched('/changes', {}, { from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString() })
  return (
    <div class={style.marks}>
      <span class={style.marked}>
        <Wedge /> Changed
      </span>
      <ul aria-label="What changed in this time">
        {changes.slice(0, SAID_MAX).map((change) => (
          <li key={`${change.at} ${change.subject} ${change.text}`}>
            <time dateTime={new Date(change.at).toISOString()}>{momentFull(change.at).replace(/:\d\d$/, '').replace(/ \d{4},/, ',')}</time>
            <b>{change.subject}</b> {quoted(change.text)}
          </li>
        ))}
        {more > 0 && (
          <li>
            <a href={all}>and {counted(more, 'more change')}</a>
          </li>
        )}
      </ul>
    </div>
  )
}

function Wedge() {
  return (
    <svg class={style.swatch} width="10" height="9" aria-hidden="true">
      <path d="M1 9h8L5 1Z" fill="currentColor" />
    </svg>
  )
}
