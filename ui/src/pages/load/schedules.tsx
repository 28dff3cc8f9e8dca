// Load tests that are to come: when, against whom, and who has approved them; and what became of those before.
import { useState } from 'preact/hooks'

import { useApprove, useCancel, useSchedules } from '../../api/load'
import type { Scheduled, ScheduleList } from '../../api/types'
import { Face } from '../../parts/face/face'
import { useAuthor } from '../../parts/form/author'
import { Button, Field, Refused } from '../../parts/form/form'
import { Word, type Mood } from '../../parts/level'
import { Section } from '../../parts/page/page'
import { useNow } from '../../shell/now'
import { say } from '../../text/numbers'
import { MINUTE, moment, saySpan } from '../../text/time'
import style from './schedules.module.css'

const STATES: Record<string, { mood: Mood; text: string }> = {
  planned: { mood: 'warning', text: 'to approve' },
  approved: { mood: 'fine', text: 'approved' },
  running: { mood: 'pending', text: 'running' },
  done: { mood: 'fine', text: 'done' },
  missed: { mood: 'warning', text: 'missed' },
  lost: { mood: 'critical', text: 'lost' },
  cancelled: { mood: 'unknown', text: 'cancelled' },
}

export function Schedules() {
  const asked = useSchedules()
  if (asked.data && asked.data.schedules.length + asked.data.targets.length === 0) return null
  return (
    <Section title="Scheduled" note="told before it begins, and approved by somebody else than who planned it">
      <Face asked={asked} what="scheduled load tests" rows={2}>
        {(list) => <Full list={list} />}
      </Face>
    </Section>
  )
}

function Full({ list: { schedules, targets } }: { list: ScheduleList }) {
  if (schedules.length === 0) {
    return (
      <p class={style.none}>
        None. Plan one with <code>plimsoll load schedule add plan.yaml --by you</code> against {targets.join(', ')}.
      </p>
    )
  }
  return (
    <ul class={style.list} aria-label="Scheduled load tests">
      {schedules.map((own) => (
        <Row key={own.id} own={own} />
      ))}
    </ul>
  )
}

function Row({ own }: { own: Scheduled }) {
  const { plan, service, release, targets, rate_max, at, until, by, state, why, approved_by, run } = own
  const now = useNow(MINUTE / 2)
  const said = STATES[state] ?? { mood: 'unknown' as const, text: state }
  const open = state === 'planned' || state === 'approved'
  return (
    <li class={style.item}>
      <div class={style.row}>
        <Word mood={said.mood} word={said.text} />
        <span class={style.plan}>
          <b>{run === null ? plan : <a href={`/load/${state === 'running' ? 'live' : 'runs'}/${encodeURIComponent(run)}`}>{plan}</a>}</b>
          <span class={style.of}>{[service, release && `release ${release}`, ...targets].filter(Boolean).join(' · ')}</span>
        </span>
        <span>
          {moment(at, now)}
          <span class={style.of}>{open && at > now ? `in ${saySpan(at - now)}, takes ${saySpan(until - at)}` : `takes ${saySpan(until - at)}`}</span>
        </span>
        <span>
          {rate_max > 0 ? `up to ${say('per_second', rate_max)}` : 'users, no rate'}
          <span class={style.of}>journeys</span>
        </span>
        <span>
          planned by {by}
          <span class={style.of}>{approved_by === null ? 'not approved' : `approved by ${approved_by}`}</span>
        </span>
      </div>
      {why && <p class={style.of}>{why}</p>}
      {open && <Acts own={own} />}
    </li>
  )
}

function Acts({ own: { id, plan, by, state } }: { own: Scheduled }) {
  const [asked, setAsked] = useState<'approve' | 'cancel' | null>(null)
  const author = useAuthor()
  const approve = useApprove(id)
  const cancel = useCancel(id)
  const name = author.name.trim()
  // The program refuses it as well; here it is said before anybody asks.
  const own = name !== '' && name === by
  const done = { onSuccess: () => setAsked(null) }

  if (asked === null) {
    return (
      <div class={style.actions}>
        <span class={style.buttons}>
          {state === 'planned' && (
            <Button label={`Approve ${plan}`} onPress={() => setAsked('approve')}>
              Approve…
            </Button>
          )}
          <Button kind="bare" label={`Cancel ${plan}`} onPress={() => setAsked('cancel')}>
            Cancel it…
          </Button>
        </span>
      </div>
    )
  }
  if (asked === 'cancel') {
    return (
      <div class={style.actions}>
        <span>It is taken back, and does not begin.</span>
        <span class={style.buttons}>
          <Button kind="main" disabled={cancel.isPending} onPress={() => cancel.mutate(undefined, done)}>
            Cancel {plan}
          </Button>
          <Button kind="bare" onPress={() => setAsked(null)}>
            Not now
          </Button>
        </span>
        <Refused error={cancel.error} />
      </div>
    )
  }
  const submit = (event: Event) => {
    event.preventDefault()
    if (name === '' || own) return
    author.remember()
    approve.mutate({ by: name, why: '' }, done)
  }
  return (
    <form class={style.form} onSubmit={submit} noValidate>
      <Field
        label="Your name"
        value={author.name}
        required
        wrong={own}
        hint={own ? 'Whoever planned it does not approve it.' : `Planned by ${by}.`}
        onText={author.write}
      />
      <span class={style.buttons}>
        <Button kind="main" submit disabled={name === '' || own || approve.isPending}>
          Approve
        </Button>
        <Button kind="bare" onPress={() => setAsked(null)}>
          Not now
        </Button>
      </span>
      <Refused error={approve.error} />
    </form>
  )
}
