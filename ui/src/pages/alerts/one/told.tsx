// What became of an alert, step by step, and every message that spoke of it, by receiver.
import type { AlertStep, AlertView, ToldView } from '../../../api/types'
import { Empty } from '../../../parts/face/face'
import { Word, type Mood } from '../../../parts/level'
import { useNow } from '../../../shell/now'
import { counted } from '../../../text/numbers'
import { momentFull, MINUTE, moment, saySpan, SECOND } from '../../../text/time'
import { measureOf } from './lines'
import style from './one.module.css'

const BECAME: Record<string, string> = {
  pending: 'began to hold',
  firing: 'fires',
  changed: 'became different',
  noted: 'still holds',
  resolved: 'ended',
  dropped: 'went away before it fired',
}

export function Steps({ steps, alert }: { steps: readonly AlertStep[]; alert: AlertView }) {
  const now = useNow(MINUTE)
  const { say } = measureOf(alert)
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
            {step.value !== null && <span class={style.faint}> at {say(step.value)}</span>}
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

const WHAT: Record<string, string> = { began: 'that it fires', again: 'that it still fires', ended: 'that it ended' }

type Standing = { mood: Mood; word: string }

/** One that was tried in vain waits as well, but not as one that is just being sent. */
function standingOf({ state, error }: ToldView): Standing {
  if (state === 'sent') return { mood: 'fine', word: 'sent' }
  if (state === 'given_up') return { mood: 'critical', word: 'failed' }
  if (state !== 'waiting') return { mood: 'unknown', word: state }
  return error ? { mood: 'warning', word: 'not taken yet' } : { mood: 'pending', word: 'waiting' }
}

export type Receiver = Standing & {
  name: string
  /** Newest first. */
  messages: readonly ToldView[]
  /** Whether any message of it was taken. */
  reached: boolean
}

const RANK: Partial<Record<Mood, number>> = { critical: 0, warning: 1, unknown: 2, pending: 3 }

/** Messages by whom they went to; who does not know comes first. */
export function receiversOf(told: readonly ToldView[]): Receiver[] {
  const receivers = new Map<string, ToldView[]>()
  for (const message of told) {
    const members = receivers.get(message.receiver)
    if (members) members.push(message)
    else receivers.set(message.receiver, [message])
  }
  return [...receivers]
    .map(([name, messages]) => {
      const { mood, word }: Standing = messages[0] ? standingOf(messages[0]) : { mood: 'unknown', word: 'unknown' }
      return { name, messages, mood, word, reached: messages.some(({ state }) => state === 'sent') }
    })
    .toSorted((one, other) => (RANK[one.mood] ?? 4) - (RANK[other.mood] ?? 4) || (one.name < other.name ? -1 : 1))
}

/** Messages of a receiver that stand there at once; the others are one click away. */
const SHOWN = 3

export function Told({ told, alert }: { told: readonly ToldView[]; alert: AlertView }) {
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
    <ul class={style.told} aria-label="Messages, by receiver">
      {receiversOf(told).map(({ name, mood, word, messages }) => (
        <li key={name}>
          <b>{name}</b>
          <Word mood={mood} word={word} />
          <Messages messages={messages.slice(0, SHOWN)} />
          {messages.length > SHOWN && (
            <details>
              <summary>{counted(messages.length - SHOWN, 'earlier message')}</summary>
              <Messages messages={messages.slice(SHOWN)} />
            </details>
          )}
        </li>
      ))}
    </ul>
  )
}

function Messages({ messages }: { messages: readonly ToldView[] }) {
  const now = useNow(messages.some(({ next_try }) => next_try !== null) ? SECOND : MINUTE)
  return (
    <ol>
      {messages.map((message) => (
        <li key={message.at}>
          <time dateTime={new Date(message.at).toISOString()} title={momentFull(message.at)}>
            {moment(message.at, now)}
          </time>{' '}
          {WHAT[message.what] ?? message.what}: {whatCame(message, now)}
        </li>
      ))}
    </ol>
  )
}

export function whatCame(message: ToldView, now: number): string {
  const { state, at, settled_at, attempts, next_try, error } = message
  const tries = attempts !== null && attempts > 1 ? `, ${counted(attempts, 'try', 'tries')}` : ''
  if (state === 'sent') return `accepted${settled_at === null ? '' : ` after ${saySpan(Math.max(0, settled_at - at))}`}${tries}`
  if (state === 'given_up') return `failed${tries}${error ? `: ${error}` : ''}`
  if (state === 'waiting') {
    const soon = next_try === null ? '' : `, next ${next_try <= now ? 'now' : `in ${saySpan(next_try - now)}`}`
    return error ? `not accepted yet${tries}${soon}: ${error}` : 'on its way'
  }
  return 'what came of it is no longer remembered'
}
