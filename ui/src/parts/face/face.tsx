// The four faces of every view: loading, empty, failed, full.
import type { ComponentChildren, JSX } from 'preact'

import type { Failure } from '../../api/client'
import type { Asked } from '../../api/queries'
import { useNow } from '../../shell/now'
import { quoted } from '../../text/numbers'
import { ago } from '../../text/time'
import style from './face.module.css'

type Props<T> = {
  asked: Asked<T>
  /** What a first load shows: rows of grey, about as many as will come. */
  rows?: number
  /** What this view is about, for the failed face: «resources». */
  what: string
  /** Says whether there is nothing to show, and why. */
  empty?: (data: T) => JSX.Element | null
  children: (data: T) => ComponentChildren
}

export function Face<T>({ asked, rows = 4, what, empty, children }: Props<T>) {
  const { data, error } = asked
  if (data === undefined) {
    if (error) return <Failed failure={error} what={what} onAgain={() => void asked.refetch()} />
    return <Skeleton rows={rows} what={what} />
  }
  // Old picture: another window was asked for, or the last refresh failed.
  const old = asked.isPlaceholderData || error !== null
  return (
    <div class={style.full} aria-busy={asked.isPlaceholderData}>
      {error && <Old since={asked.dataUpdatedAt} failure={error} onAgain={() => void asked.refetch()} />}
      <div class={style.picture} data-old={old}>
        {empty?.(data) ?? children(data)}
      </div>
    </div>
  )
}

export function Skeleton({ rows, what }: { rows: number; what: string }) {
  return (
    <div class={style.skeleton} role="status">
      <span class="unseen">Loading {what}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class={style.bone} />
      ))}
    </div>
  )
}

const KINDS: Record<Failure['kind'], string> = {
  invalid: 'That was not understood',
  denied: 'That is not allowed',
  missing: 'That is not there',
  conflict: 'That contradicts what is there',
  busy: 'The program is at a limit',
  upstream: 'Something the program needs is away',
  internal: 'The program made a mistake',
  away: 'No answer',
  token: 'A token is needed',
}

type FailedProps = { failure: Failure; what: string; onAgain?: () => void }

export function Failed({ failure, what, onAgain }: FailedProps) {
  return (
    <div class={style.failed} role="alert">
      <p class={style.title}>
        {KINDS[failure.kind]}: no {what}
      </p>
      <p>{sentence(failure.message)}</p>
      {failure.help && <p>{sentence(failure.help)}</p>}
      <p class={style.row}>
        {onAgain && (
          <button type="button" class={style.again} onClick={onAgain}>
            Again
          </button>
        )}
        {failure.requestId && (
          <span class={style.request}>
            request <code>{failure.requestId}</code>
          </span>
        )}
      </p>
    </div>
  )
}

function Old({ since, failure, onAgain }: { since: number; failure: Failure; onAgain: () => void }) {
  const now = useNow()
  return (
    <p class={style.old} role="status">
      <span>
        From {ago(since, now)}: the last refresh failed ({failure.message}).
      </span>
      <button type="button" class={style.again} onClick={onAgain}>
        Again
      </button>
    </p>
  )
}

type EmptyProps = { title: string; children?: ComponentChildren; command?: string }

/** Why there is nothing, and what fills it. */
export function Empty({ title, children, command }: EmptyProps) {
  return (
    <div class={style.empty}>
      <p class={style.title}>{title}</p>
      {children && <div>{children}</div>}
      {command && <pre class={style.command}>{command}</pre>}
    </div>
  )
}

/** What went wrong beside what is shown. */
export function Remarks({ label, remarks }: { label: string; remarks: readonly string[] }) {
  if (remarks.length === 0) return null
  return (
    <ul class={style.remarks} aria-label={label}>
      {remarks.map((remark) => (
        <li key={remark}>
          <b>{label}:</b> {remark}
        </li>
      ))}
    </ul>
  )
}

function sentence(words: string): string {
  const text = quoted(words)
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
