// The address as state: everything shown is in it, so Back undoes and a link shares.
import { useLocation } from 'preact-iso'
import { useCallback, useMemo } from 'preact/hooks'

import { patched, readWindow, writeWindow, type Patch, type Query, type Window } from './window'

export type Address = {
  path: string
  query: Query
  /** Changes fields of the address; `replace` for typing, where each letter is no step of its own. */
  set: (patch: Patch, how?: 'replace') => void
  /** The address these changes would lead to, for links. */
  link: (patch: Patch) => string
  go: (to: string, how?: 'replace') => void
}

export function useAddress(): Address {
  const { path, query, route } = useLocation()
  const set = useCallback(
    (patch: Patch, how?: 'replace') => route(patched(path, query, patch), how === 'replace'),
    [path, query, route],
  )
  return { path, query, set, link: (patch) => patched(path, query, patch), go: (to, how) => route(to, how === 'replace') }
}

export function useWindow(span: number): [Window, (next: Window) => void] {
  const { query, set } = useAddress()
  const { range = '', from = '', to = '' } = query
  const window = useMemo(() => readWindow({ range, from, to }, span), [range, from, to, span])
  return [window, (next) => set(writeWindow(next))]
}
