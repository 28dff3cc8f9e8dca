// Light or dark: the system's unless somebody has chosen, which this browser then remembers.
import { useEffect, useState } from 'preact/hooks'

export type Scheme = 'system' | 'light' | 'dark'

const KEY = 'plimsoll.scheme'
const CHANGED = 'plimsoll:scheme'

export function chosenScheme(): Scheme {
  try {
    const kept = localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system' // No storage in this browser: the system decides.
  }
}

export function applyScheme(scheme: Scheme): void {
  if (scheme === 'system') delete document.documentElement.dataset['scheme']
  else document.documentElement.dataset['scheme'] = scheme
}

/** Paper is light, whatever the screen is. */
export function followPaper(): void {
  addEventListener('beforeprint', () => applyScheme('light'))
  addEventListener('afterprint', () => applyScheme(chosenScheme()))
}

export function chooseScheme(scheme: Scheme): void {
  try {
    if (scheme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, scheme)
  } catch {
    // It then holds until the page is closed.
  }
  applyScheme(scheme)
  dispatchEvent(new Event(CHANGED))
}

/** What is shown now; for what cannot use CSS, such as a canvas. */
export function useShownScheme(): 'light' | 'dark' {
  const [shown, setShown] = useState(shownScheme)
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const update = () => setShown(shownScheme())
    media.addEventListener('change', update)
    addEventListener(CHANGED, update)
    return () => {
      media.removeEventListener('change', update)
      removeEventListener(CHANGED, update)
    }
  }, [])
  return shown
}

function shownScheme(): 'light' | 'dark' {
  const set = document.documentElement.dataset['scheme']
  if (set === 'light' || set === 'dark') return set
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}
