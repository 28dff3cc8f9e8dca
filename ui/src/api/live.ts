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
  answeredAt: number | null
}

/** Counts answers and misses. Apart from the browser, so that it can be tested by itself. */
export class Watch {
  private missed = 0
  private missedAt = Number.NEGATIVE_INFINITY
  private streaming = false
  private spokeAt: number | null = null
  private answeredAt: number | null = null

  /** The stream says that there is news; whether it can be fetched is another matter. */
  streamSpoke(now: number): void {
    this.streaming = true
    this.spokeAt = now
  }

  streamLost(): void {
    this.streaming = false
  }

  answered(now: number): void {
    this.missed = 0
    this.answeredAt = now
  }

  /** Several questions of one refresh that go without an answer are one miss. */
  refreshMissed(now: number): void {
    if (now - this.missedAt < POLL_MS / 2) return
    this.missedAt = now
    this.missed += 1
  }

  /** Whether it is time to ask without having been told to. */
  shouldAsk(now: number): boolean {
    const heardAt = Math.max(this.spokeAt ?? 0, this.answeredAt ?? 0)
    return now - heardAt >= POLL_MS
  }

  connection(): Connection {
    const state = this.missed >= MISSED_MAX ? 'stale' : this.streaming ? 'live' : 'polling'
    return { state, answeredAt: this.answeredAt }
  }
}

/** Runs for as long as the pages are open. */
export function useLive(client: QueryClient): Connection {
  const [connection, setConnection] = useState<Connection>({ state: 'polling', answeredAt: null })

  useEffect(() => {
    const watch = new Watch()
    const tell = () =>
      setConnection((old) => {
        const now = watch.connection()
        return old.state === now.state && old.answeredAt === now.answeredAt ? old : now
      })

    const listen = () => {
      const stream = new EventSource(`${API}/events`)
      stream.addEventListener('open', () => {
        watch.streamSpoke(Date.now())
        tell()
      })
      stream.addEventListener('error', () => {
        watch.streamLost()
        tell()
      })
      stream.addEventListener('changed', (event) => {
        watch.streamSpoke(Date.now())
        // What nobody sees is only marked; it is fetched when somebody looks.
        const refetchType = isSeen() ? 'active' : 'none'
        for (const topic of topics(event)) void client.invalidateQueries({ queryKey: [topic], refetchType })
        tell()
      })
      return stream
    }
    let source = listen()

    const forget = client.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated') return
      if (event.action.type === 'success') watch.answered(Date.now())
      else if (event.action.type === 'error' && unreachable(event.action.error)) watch.refreshMissed(Date.now())
      else return
      tell()
    })

    let asking = false
    const timer = setInterval(() => {
      // A browser gives a stream up for good when it was refused; a program that starts refuses for a while.
      if (source.readyState === EventSource.CLOSED) source = listen()
      if (asking || !isSeen() || !watch.shouldAsk(Date.now())) return
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

function isSeen(): boolean {
  return document.visibilityState === 'visible'
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
