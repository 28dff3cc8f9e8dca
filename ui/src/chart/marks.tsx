// What changed while a chart's window lasts: wedges on its time axis, and the same in words below.
import { useMemo } from 'preact/hooks'

import { patched } from '../address/window'
import { useChanges } from '../api/queries'
import type { ChangeView } from '../api/types'
import { counted } from '../text/numbers'
import { momentFull } from '../text/time'
import style from './chart.module.css'
import type { Mark } from './plot'

/** What the program notices by itself; the other kinds somebody did. */
const NOTICED: ReadonlySet<string> = new Set(['plimsoll', 'host', 'target', 'resource', 'alert'])
/** Alerts are no cause of what a chart shows. */
const LEFT_OUT: ReadonlySet<string> = new Set(['alert'])
const ASKED_MAX = 500
/** More wedges than this are a grey bar. */
const DRAWN_MAX = 60
const SAID_MAX = 4

export type Changes = { marks: readonly Mark[]; changes: readonly ChangeView[]; window: { from: number; to: number } }

export function isNoticed({ kind }: Pick<ChangeView, 'kind'>): boolean {
  return NOTICED.has(kind)
}

export function useMarks(window: { from: number; to: number }): Changes {
  const asked = useChanges({ since: window.from, limit: ASKED_MAX }, 'chart')
  const all = asked.data?.changes
  return useMemo(() => {
    const inside = (all ?? []).filter(({ at, kind }) => at >= window.from && at <= window.to && !LEFT_OUT.has(kind))
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
            <b>{change.subject}</b> {change.text}
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
