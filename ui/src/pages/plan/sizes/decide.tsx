// Accepting or declining one proposal. Whoever declines says why: the next review reads it.
import { useState } from 'preact/hooks'

import { useDecide } from '../../../api/plan'
import type { SizeView } from '../../../api/types'
import { useAuthor } from '../../../parts/form/author'
import { Button, Field, Refused } from '../../../parts/form/form'
import { Word } from '../../../parts/level'
import { useNow } from '../../../shell/now'
import { MINUTE, moment } from '../../../text/time'
import style from './sizes.module.css'

export function Decide({ item: { id, title, decision } }: { item: SizeView }) {
  const [asked, setAsked] = useState<'accepted' | 'declined' | null>(null)
  const author = useAuthor()
  const [reason, setReason] = useState('')
  const decide = useDecide(id)
  const now = useNow(MINUTE)
  const ready = author.name.trim() !== '' && (asked !== 'declined' || reason.trim() !== '')

  const submit = (event: Event) => {
    event.preventDefault()
    if (asked === null || !ready) return
    author.remember()
    decide.mutate({ verdict: asked, by: author.name.trim(), reason: reason.trim() }, { onSuccess: () => setAsked(null) })
  }

  if (asked === null) {
    return (
      <div class={style.actions}>
        {decision && (
          <span class={style.decided}>
            <Word mood={decision.verdict === 'accepted' ? 'fine' : 'unknown'} word={decision.verdict} /> by {decision.by},{' '}
            {moment(decision.at, now)}
            {decision.reason && `: ${decision.reason}`}
          </span>
        )}
        <span class={style.buttons}>
          {decision?.verdict !== 'accepted' && (
            <Button label={`Accept for ${title}`} onPress={() => setAsked('accepted')}>
              Accept
            </Button>
          )}
          {decision?.verdict !== 'declined' && (
            <Button kind="bare" label={`Decline for ${title}`} onPress={() => setAsked('declined')}>
              Decline…
            </Button>
          )}
        </span>
      </div>
    )
  }
  return (
    <form class={style.form} onSubmit={submit} noValidate>
      <Field
        label={asked === 'declined' ? 'Why not' : 'Note'}
        value={reason}
        required={asked === 'declined'}
        placeholder={asked === 'declined' ? 'the run at the end of the year needs all of it' : 'may be left out'}
        onText={setReason}
      />
      <Field label="Your name" value={author.name} required onText={author.write} />
      <span class={style.buttons}>
        <Button kind="main" submit disabled={!ready || decide.isPending}>
          {asked === 'declined' ? 'Decline' : 'Accept'}
        </Button>
        <Button kind="bare" onPress={() => setAsked(null)}>
          Not now
        </Button>
      </span>
      <Refused error={decide.error} />
    </form>
  )
}
