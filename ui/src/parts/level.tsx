// Status is a word, a shape and a colour, always together.
import type { JSX } from 'preact'

import type { AlertState, Health, ReadingLevel, Severity } from '../api/types'
import style from './parts.module.css'

export type Mood = ReadingLevel | 'info' | 'pending'

const PATHS: Record<Mood, JSX.Element> = {
  fine: <circle cx="8" cy="8" r="5" />,
  notice: <path d="M8 1.8 14.2 8 8 14.2 1.8 8Z" fill="currentColor" />,
  info: <circle cx="8" cy="8" r="5.6" fill="currentColor" />,
  warning: <path d="M8 1.6 15 14H1Z" fill="currentColor" stroke-linejoin="round" />,
  critical: <path d="M5.2 1.4h5.6l3.8 3.8v5.6l-3.8 3.8H5.2l-3.8-3.8V5.2Z" fill="currentColor" />,
  unknown: <circle cx="8" cy="8" r="5" stroke-dasharray="2.6 2.6" />,
  pending: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="M8 3a5 5 0 0 1 0 10Z" fill="currentColor" />
    </>
  ),
}

/** The shape alone, beside a word. */
export function Shape({ mood, size = 12 }: { mood: Mood; size?: number }) {
  return (
    <svg
      class={style.shape}
      data-mood={mood}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      aria-hidden="true"
      focusable="false"
    >
      {PATHS[mood]}
    </svg>
  )
}

/** Shape and word. */
export function Word({ mood, word }: { mood: Mood; word?: string }) {
  return (
    <span class={style.word} data-mood={mood}>
      <Shape mood={mood} />
      {word ?? mood}
    </span>
  )
}

export function alertMood(state: AlertState, severity: Severity): Mood {
  if (state === 'resolved') return 'fine'
  return state === 'pending' ? 'pending' : severity
}

export const HEALTH_MOOD: Record<Health, Mood> = { up: 'fine', down: 'critical', unknown: 'unknown' }
