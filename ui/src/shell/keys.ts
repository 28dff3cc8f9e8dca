// Keys that work everywhere. Pages add their own with `useKeys`.
import { useEffect, useRef } from 'preact/hooks'

export type KeyMap = Readonly<Record<string, () => void>>

/** How long `g` waits for its letter. */
const CHORD_MS = 1_500

/** `thumb`: one of the few at the foot of a narrow screen; the others are one step further. */
export const PLACES = [
  { key: 'o', path: '/', name: 'Overview', thumb: true },
  { key: 'r', path: '/resources', name: 'Resources', thumb: true },
  { key: 'a', path: '/alerts', name: 'Alerts', thumb: true },
  { key: 'b', path: '/objectives', name: 'Objectives', thumb: false },
  { key: 'c', path: '/changes', name: 'Changes', thumb: false },
  { key: 'p', path: '/capacity', name: 'Capacity', thumb: false },
  { key: 'l', path: '/load', name: 'Load runs', thumb: false },
  { key: 'e', path: '/explore', name: 'Explore', thumb: true },
  { key: 'u', path: '/rules', name: 'Rules', thumb: false },
  { key: 't', path: '/targets', name: 'Targets', thumb: false },
  { key: 's', path: '/status', name: 'Status', thumb: false },
] as const

export const HELP: readonly { keys: string; text: string }[] = [
  { keys: '/', text: 'find a resource, an alert, a target, a page' },
  ...PLACES.map((place) => ({ keys: `g ${place.key}`, text: `go to ${place.name.toLowerCase()}` })),
  { keys: 'f', text: 'filter what the page lists' },
  { keys: '[  ]', text: 'move the window back, forward' },
  { keys: '+  -', text: 'zoom in, out' },
  { keys: '←  →', text: 'walk along a chart that has the focus' },
  { keys: '?', text: 'this help' },
  { keys: 'Esc', text: 'close, or leave a field' },
]

/** Joins keys typed one after the other, `g` then a letter. Apart from the page, to be tested alone. */
export class Chords {
  private startedAt = Number.NEGATIVE_INFINITY

  /** The name of what was typed: `g o`, `/`, or nothing while waiting for the second. */
  typed(key: string, now: number): string | null {
    const waiting = now - this.startedAt < CHORD_MS
    this.startedAt = Number.NEGATIVE_INFINITY
    if (waiting) return `g ${key}`
    if (key !== 'g') return key
    this.startedAt = now
    return null
  }
}

const chords = new Chords()
const maps = new Set<{ current: KeyMap }>()

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.metaKey || event.ctrlKey || isTyping(event)) return
  if (document.querySelector('dialog[open]')) return
  const name = chords.typed(event.key, event.timeStamp)
  if (name === null) return
  for (const map of [...maps].toReversed()) {
    const act = map.current[name]
    if (!act) continue
    event.preventDefault()
    act()
    return
  }
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}

/** Acts on keys while the component is shown; the latest to come goes first. */
export function useKeys(map: KeyMap): void {
  const held = useRef(map)
  held.current = map
  useEffect(() => {
    if (maps.size === 0) addEventListener('keydown', onKey)
    maps.add(held)
    return () => {
      maps.delete(held)
      if (maps.size === 0) removeEventListener('keydown', onKey)
    }
  }, [])
}
