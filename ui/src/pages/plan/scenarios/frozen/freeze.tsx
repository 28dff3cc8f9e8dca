// Freezing a scenario as a plan, and the plans there are.
import { useState } from 'preact/hooks'

import { useAddress } from '../../../../address/address'
import { useFreeze, usePlans } from '../../../../api/plan'
import { Face } from '../../../../parts/face/face'
import { useAuthor } from '../../../../parts/form/author'
import { Button, Field, Refused } from '../../../../parts/form/form'
import { Section } from '../../../../parts/page/page'
import { useNow } from '../../../../shell/now'
import { dateOnly, MINUTE } from '../../../../text/time'
import { monthOf, monthText } from '../compare'
import type { Draft } from '../drafts'
import style from './frozen.module.css'

export function Freeze({ draft }: { draft: Draft }) {
  const [open, setOpen] = useState(false)
  const [name, setName] = useState(draft.name.replace(/\.ya?ml$/, '').replace(/[^A-Za-z0-9._-]+/g, '-'))
  const author = useAuthor()
  const [note, setNote] = useState('')
  const freeze = useFreeze()
  const { go } = useAddress()
  if (!open) return <Button onPress={() => setOpen(true)}>Freeze as a plan…</Button>
  const ready = name.trim() !== '' && author.name.trim() !== ''
  const submit = (event: Event) => {
    event.preventDefault()
    if (!ready) return
    author.remember()
    const wish = { name: name.trim(), text: draft.text, by: author.name.trim(), note: note.trim() }
    freeze.mutate(wish, { onSuccess: (plan) => go(`/capacity/plans/${encodeURIComponent(plan.name)}`) })
  }
  return (
    <form class={style.freeze} onSubmit={submit} noValidate>
      <Field label="Name of the plan" hint="It stays as it is; what happens is laid beside it." value={name} required onText={setName} />
      <Field label="What was decided" value={note} onText={setNote} />
      <Field label="Your name" value={author.name} required onText={author.write} />
      <span class={style.buttons}>
        <Button kind="main" submit disabled={!ready || freeze.isPending}>
          Freeze
        </Button>
        <Button kind="bare" onPress={() => setOpen(false)}>
          Not now
        </Button>
      </span>
      <Refused error={freeze.error} />
    </form>
  )
}


/** Every plan that was frozen, wherever its scenario is now. */
export function Plans() {
  const asked = usePlans()
  const now = useNow(MINUTE)
  if (asked.data?.plans.length === 0) return null
  return (
    <Section title="Frozen plans" note="beside what happened since">
      <Face asked={asked} what="frozen plans" rows={2}>
        {({ plans }) => (
          <ul class={style.plans} aria-label="Frozen plans">
            {plans.map(({ name, frozen_at, by, scenario, from, to }) => (
              <li key={name}>
                <a href={`/capacity/plans/${encodeURIComponent(name)}`}>{name}</a>
                <span>{scenario}</span>
                <span>{from !== null && to !== null && `${monthText(monthOf(from))} – ${monthText(monthOf(to))}`}</span>
                <span>
                  {dateOnly(frozen_at, now)} by {by}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Face>
    </Section>
  )
}
