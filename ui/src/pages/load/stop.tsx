// The stop for all load, and the stop of one run: who asks, and why, is written down.
import { useState } from 'preact/hooks'

import { useLiveRuns, useRelease, useStopAll, useStopRun } from '../../api/load'
import { useAuthor } from '../../parts/form/author'
import { Button, Field, Refused } from '../../parts/form/form'
import { useNow } from '../../shell/now'
import { ago } from '../../text/time'
import style from './load.module.css'

/** While all load is stopped that stands above everything else. */
export function StopAll() {
  const list = useLiveRuns().data
  const stop = useStopAll()
  const release = useRelease()
  const now = useNow()
  if (!list) return null
  const { held, by, why, at } = list.stopping
  if (held) {
    return (
      <div class={style.held} role="status">
        <span>
          <b>All load is stopped</b>
          {at !== null && ` since ${ago(at, now)}`}
          {by && ` by ${by}`}
          {why && `: ${why}`}. None begins until it is released.
        </span>
        <Button disabled={release.isPending} onPress={() => release.mutate(undefined)}>
          Release
        </Button>
        <Refused error={release.error} />
      </div>
    )
  }
  if (!list.runs.some(({ state }) => state === 'running')) return null
  return <Ask title="Stop all load" pending={stop.isPending} error={stop.error} onStop={(wish) => stop.mutate(wish)} />
}

export function StopOne({ id }: { id: string }) {
  const stop = useStopRun(id)
  return <Ask title="Stop this run" pending={stop.isPending} error={stop.error} onStop={(wish) => stop.mutate(wish)} />
}

type AskProps = { title: string; pending: boolean; error: unknown; onStop: (wish: { by: string; why: string }) => void }

function Ask({ title, pending, error, onStop }: AskProps) {
  const [open, setOpen] = useState(false)
  const author = useAuthor()
  const [why, setWhy] = useState('')
  if (!open) {
    return (
      <span class={style.stop}>
        <Button onPress={() => setOpen(true)}>{title}…</Button>
      </span>
    )
  }
  const submit = (event: Event) => {
    event.preventDefault()
    author.remember()
    onStop({ by: author.name.trim(), why: why.trim() })
  }
  return (
    <form class={style.ask} onSubmit={submit}>
      <Field label="Your name" value={author.name} onText={author.write} required />
      <Field label="Why" value={why} onText={setWhy} placeholder="orders fail" />
      <Button kind="main" submit disabled={pending || author.name.trim() === ''}>
        {title}
      </Button>
      <Button kind="bare" onPress={() => setOpen(false)}>
        Let it run
      </Button>
      <Refused error={error} />
    </form>
  )
}
