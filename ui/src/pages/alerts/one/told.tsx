// What became of an alert, step by step, and every message that spoke of it.
import type { AlertStep, AlertView, ToldView } from '../../../api/types'
import { Empty } from '../../../parts/face/face'
import { Word, type Mood } from '../../../parts/level'
import { useNow } from '../../../shell/now'
import { counted, plain } from '../../../text/numbers'
import { momentFull, MINUTE, moment, saySpan } from '../../../text/time'
import style from '../alerts.module.css'

const BECAME: Record<string, string> = {
  pending: 'began to hold',
  firing: 'fires',
  changed: 'became different',
  noted: 'still waits',
  resolved: 'ended',
  dropped: 'went away before it fired',
}

export function Steps({ steps }: { steps: readonly AlertStep[] }) {
  const now = useNow(MINUTE)
  if (steps.length === 0) return <Empty title="Nothing recorded" />
  return (
    <ol class={style.steps} aria-label="What became of it, newest first">
      {steps.map((step, at) => (
        <li key={`${step.at} ${step.became}`}>
          <time dateTime={new Date(step.at).toISOString()} title={momentFull(step.at)}>
            {moment(step.at, now)}:{String(new Date(step.at).getSeconds()).padStart(2, '0')}
          </time>
          <span>
            {stepText(step, steps[at + 1])}
            {step.value !== null && <span class={style.faint}> at {plain(step.value)}</span>}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** Worse or better where the severity says so. */
function stepText({ became, severity }: AlertStep, before: AlertStep | undefined): string {
  if (became === 'changed' && before && before.severity !== severity) {
    return severity === 'critical' || before.severity === 'info' ? `got worse: ${severity}` : `eased to ${severity}`
  }
  const text = BECAME[became] ?? became
  return became === 'firing' ? `${text}: ${severity}` : text
}

const STATES: Record<string, { mood: Mood; word: string }> = {
  sent: { mood: 'fine', word: 'sent' },
  waiting: { mood: 'pending', word: 'waiting' },
  given_up: { mood: 'critical', word: 'failed' },
}
const WHAT: Record<string, string> = { began: 'that it fires', again: 'again', ended: 'that it ended' }

export function Told({ told, alert }: { told: readonly ToldView[]; alert: AlertView }) {
  const now = useNow(MINUTE)
  if (told.length === 0) {
    return (
      <Empty title="Nobody so far">
        {alert.state === 'pending'
          ? 'It has not held for long enough yet.'
          : alert.quiet_because.length > 0
            ? 'It is kept quiet.'
            : alert.told
              ? 'Its group still waits for others, or no receiver is named in the settings.'
              : 'It stands on these pages only.'}
      </Empty>
    )
  }
  return (
    <ol class={style.told} aria-label="Messages, newest first">
      {told.map((message) => {
        const { mood, word } = STATES[message.state] ?? { mood: 'unknown', word: message.state }
        return (
          <li key={`${message.receiver} ${message.at}`}>
            <span>
              <b>{message.receiver}</b> {WHAT[message.what] ?? message.what}
            </span>
            <Word mood={mood} word={word} />
            <p>
              <time dateTime={new Date(message.at).toISOString()} title={momentFull(message.at)}>
                {moment(message.at, now)}
              </time>
              {message.settled_at !== null && message.state === 'sent' && `, accepted after ${saySpan(Math.max(0, message.settled_at - message.at))}`}
              {message.attempts !== null && message.attempts > 1 && `, ${counted(message.attempts, 'try', 'tries')}`}
              {message.error && message.state !== 'sent' && `: ${message.error}`}
            </p>
          </li>
        )
      })}
    </ol>
  )
}
