// Who decides: typed once, and remembered in this browser.
import { useState } from 'preact/hooks'

const KEY = 'plimsoll.author'

export type Author = { name: string; write: (name: string) => void; remember: () => void }

export function useAuthor(): Author {
  const [name, write] = useState(remembered)
  return { name, write, remember: () => keep(name.trim()) }
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

function keep(name: string): void {
  try {
    localStorage.setItem(KEY, name)
  } catch {
    // It is typed again then.
  }
}
