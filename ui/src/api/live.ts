// Keeps pages up to date without a reload: listens for changes, asks every ten seconds when nothing is
// heard, and says when what is shown has become stale.
import { type QueryClient } from '@tanstack/preact-query'
import { useEffect, useState } from 'preact/hooks'

import { API } from './client'
import type { ChangedEvent } from './types'

/** With no word from the program for this long, the pages ask by themselves. */
export const POLL_MS = 10_000
/** After this many refreshes in a row without an answer, the pages say so. */
export const MISSED_MAX = 2

export type Connection = {
  /** `live`: told of changes; `polling`: asking; `stale`: no answers. */
  state: 'live' | 'polling' | 'stale'
  /** When the program last answered. */
  heardAt: number | null
}

/** Counts answers and misses. Apart from the browser, so that it can be tested by itself. */
export class Watch {
  private missed = 0
  private streaming = false
  private heardAt: number | null = null

  streamOpened(now: number): void {
    this.streaming = true
    this.answered(now)
  }

  streamLost(): void {
    this.streaming = false
  }

  answered(now: number): void {
    this.missed = 0
    this.heardAt = now
  }

  refreshMissed(): void {
    this.missed += 1
  }

  /** Whether it is time to ask without having been told to. */
  shouldAsk(now: number): boolean {
    return this.heardAt === null || now - this.heardAt >= POLL_MS
  }

  connection(): Connection {
    const state = this.missed >= MISSED_MAX ? 'stale' : this.streaming ? 'live' : 'polling'
    return { state, heardAt: this.heardAt }
  }
}

/** Runs for as long as the pages are open. */
export function useLive(client: QueryClient): Connection {
  const [connection, setConnection] = useState<Connection>({ state: 'polling', heardAt: null })

  useEffect(() => {
    const watch = new Watch()
    const tell = () =>
      setConnection((old) => {
        const now = watch.connection()
        return old.state === now.state && old.heardAt === now.heardAt ? old : now
      })

    const source = new EventSource(`${API}/events`)
    source.addEventListener('open', () => {
      watch.streamOpened(Date.now())
      tell()
    })
    source.addEventListener('error', () => {
      watch.streamLost()
      tell()
    })
    source.addEventListener('changed', (event) => {
      watch.streamOpened(Date.now())
      for (const topic of topics(event)) void client.invalidateQueries({ queryKey: [topic] })
      tell()
    })

    const forget = client.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated') return
      if (event.action.type === 'success') watch.answered(Date.now())
      else if (event.action.type === 'error' && unreachable(event.action.error)) watch.refreshMissed()
      else return
      tell()
    })

    let asking = false
    const timer = setInterval(() => {
      if (asking || !watch.shouldAsk(Date.now())) return
      asking = true
      void client.invalidateQueries({ refetchType: 'active' }).finally(() => {
        asking = false
      })
    }, POLL_MS)

    return () => {
      source.close()
      forget()
      clearInterval(timer)
    }
  }, [client])

  return connection
}

function topics(event: MessageEvent<string>): string[] {
  try {
    const changed = JSON.parse(event.data) as ChangedEvent
    return Array.isArray(changed.topics) ? changed.topics : []
  } catch {
    return []
  }
}

/** A wrong query is an answer; a silent or broken program is a miss. */
function unreachable(error: unknown): boolean {
  const kind = (error as { kind?: unknown } | null)?.kind
  return kind === 'away' || kind === 'internal' || kind === 'upstream'
}
