// What was done about a quota that is due: more was asked for, or it is kept as it is, with the reason.
import { useState } from 'preact/hooks'

import { useDecideQuota } from '../../../api/plan'
import type { QuotaView } from '../../../api/types'
import { useAuthor } from '../../../parts/form/author'
import { Button, Field, Refused } from '../../../parts/form/form'
import { say } from '../../../text/numbers'
import { moment } from '../../../text/time'
import { decisionText } from './quotas'
import { amountOf } from './standing'
import style from './quotas.module.css'

export function Decide({ quota, now }: { quota: QuotaView; now: number }) {
  const { title, decision } = quota
  const [verdict, setVerdict] = useState<'asked' | 'kept' | null>(null)
  if (verdict !== null) return <Form quota={quota} verdict={verdict} onDone={() => setVerdict(null)} />
  return (
    <div class={style.actions}>
      {decision && (
        <span class={style.decided}>
          {decisionText(decision, quota)}, {moment(decision.at, now)}
        </span>
      )}
      <span class={style.buttons}>
        <Button label={`More of ${title} was asked for`} onPress={() => setVerdict('asked')}>
          {decision?.verdict === 'asked' ? 'I asked again…' : 'I asked for more…'}
        </Button>
        {decision?.verdict !== 'kept' && (
          <Button kind="bare" label={`Keep ${title} as it is`} onPress={() => setVerdict('kept')}>
            Keep it as it is…
          </Button>
        )}
      </span>
    </div>
  )
}

type FormProps = { quota: QuotaView; verdict: 'asked' | 'kept'; onDone: () => void }

function Form({ quota: { id, unit, ask_for }, verdict, onDone }: FormProps) {
  const [amount, setAmount] = useState(ask_for === null ? '' : String(ask_for))
  const [reason, setReason] = useState('')
  const author = useAuthor()
  const decide = useDecideQuota(id)
  const asks = verdict === 'asked'
  const asked_for = amountOf(amount)
  const wrong = amount.trim() !== '' && asked_for === null
  const ready = author.name.trim() !== '' && (asks ? !wrong : reason.trim() !== '')

  const submit = (event: Event) => {
    event.preventDefault()
    if (!ready) return
    author.remember()
    const wish = { verdict, by: author.name.trim(), reason: reason.trim(), ...(asks ? { asked_for } : {}) }
    decide.mutate(wish, { onSuccess: onDone })
  }
  return (
    <form class={style.form} data-asks={asks} onSubmit={submit} noValidate>
      {asks && (
        <Field
          label="New limit"
          value={amount}
          wrong={wrong}
          {...(asked_for !== null && unit !== 'count' ? { hint: say(unit, asked_for) } : {})}
          onText={setAmount}
        />
      )}
      <Field
        label={asks ? 'Note' : 'Why it can stay'}
        value={reason}
        required={!asks}
        placeholder={asks ? 'number of the request; may be left out' : 'the old cluster goes in January'}
        onText={setReason}
      />
      <Field label="Your name" value={author.name} required onText={author.write} />
      <span class={style.buttons}>
        <Button kind="main" submit disabled={!ready || decide.isPending}>
          {asks ? 'Record it' : 'Keep it'}
        </Button>
        <Button kind="bare" onPress={onDone}>
          Not now
        </Button>
      </span>
      <Refused error={decide.error} />
    </form>
  )
}
