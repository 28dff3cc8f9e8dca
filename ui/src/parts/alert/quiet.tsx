// Why nobody is told of an alert, each reason with the way to it.
import style from './alert-row.module.css'
import { pageOf } from './evidence'

export function Quiet({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null
  return (
    <p class={style.reasons}>
      <b>Nobody is told:</b>{' '}
      {reasons.map((reason, at) => {
        const to = wayTo(reason)
        return (
          <span key={reason}>
            {at > 0 && ', '}
            {to ? <a href={to}>{short(reason)}</a> : reason}
          </span>
        )
      })}
    </p>
  )
}

/** The program says `silence ID`, `alert ID stands for it` or `silent time NAME`. */
function wayTo(reason: string): string | null {
  const silence = /^silence (\S+)$/.exec(reason)?.[1]
  if (silence) return `/silences?find=${encodeURIComponent(silence)}`
  const alert = /^alert ([0-9a-f]{16}) stands for it$/.exec(reason)?.[1]
  return alert ? pageOf(alert) : null
}

function short(reason: string): string {
  return reason.replace(/^(silence \S{8})\S*$/, '$1').replace(/^alert \S+ stands/, 'another alert stands')
}
