// A new silence: what, how long, why, and what that would keep quiet before it is made.
import { useEffect, useMemo, useState } from 'preact/hooks'

import { useAddress } from '../../address/address'
import { useKeepSilence, usePreview } from '../../api/silences'
import type { SilenceWish } from '../../api/types'
import { useAuthor } from '../../parts/form/author'
import { Button, Field, LinkButton, Refused } from '../../parts/form/form'
import { Head, Path } from '../../parts/page/page'
import { matchersText, matcherText, parseMatchers, SIGNS, signOf, withSign, type Matcher, type Sign } from '../../text/matchers'
import { HOUR, parseSpan, saySpan, spanText } from '../../text/time'
import { parseMoment } from '../../address/window'
import { useAlerts } from '../../api/queries'
import form from '../../parts/form/form.module.css'
import { Again, Matched, upper } from './preview'
import style from './silences.module.css'
import { When } from './when'

/** How long a pause in typing is before the program is asked. */
const PAUSE_MS = 250

const BLANK: Matcher = { name: '', value: '', isRegex: false, isEqual: true }

export default function NewSilence() {
  const { query, set, go } = useAddress()
  const [matchers, setMatchers] = useState<Matcher[]>(() => parseMatchers(query['matchers'] ?? ''))
  const [reason, setReason] = useState(query['reason'] ?? '')
  const author = useAuthor()
  const [confirmed, setConfirmed] = useState(false)
  const [tried, setTried] = useState(false)
  const span = parseSpan(query['for'] ?? '') ?? 2 * HOUR
  const begins = parseMoment(query['at'])
  const id = query['id'] ?? null
  const keep = useKeepSilence()

  const whole = useMemo(() => matchers.filter(({ name }) => name.trim() !== ''), [matchers])
  const wanted = useSettled(useMemo(() => wishOf({ matchers: whole, span, begins, id }, 'not yet said', 'somebody'), [whole, span, begins, id]))
  const preview = usePreview(wanted)
  const doubt = whole.length > 0 && preview.data && preview.data.doubts.length > 0 ? preview.data.doubts.join('; ') : null
  useEffect(() => setConfirmed(false), [doubt])

  const change = (next: Matcher[]) => {
    setMatchers(next)
    set({ matchers: matchersText(next.filter(({ name }) => name !== '')) }, 'replace')
  }
  const ready = whole.length > 0 && reason.trim() !== '' && author.name.trim() !== '' && (doubt === null || confirmed)
  const submit = (event: Event) => {
    event.preventDefault()
    setTried(true)
    const final = wishOf({ matchers: whole, span, begins, id }, reason.trim(), author.name.trim(), confirmed)
    if (!ready || !final || keep.isPending) return
    author.remember()
    keep.mutate(final, { onSuccess: () => go('/silences') })
  }

  return (
    <>
      <Path to="/silences" list="Silences" here={id ? 'Change' : 'New'} />
      <Head title={id ? 'Change a silence' : 'New silence'} note="keeps what it matches quiet, for a time and a reason" />
      <form class={style.form} onSubmit={submit} noValidate>
        <div class={style.fields}>
          <Conditions matchers={matchers} onChange={change} />
          <When
            span={span}
            onSpan={(next) => set({ for: spanText(next) }, 'replace')}
            begins={begins !== null && begins > Date.now() ? begins : null}
            onBegins={(at) => set({ at: at === null ? null : new Date(at).toISOString() }, 'replace')}
          />
          <Field
            label="Reason"
            hint="Whoever is called next reads this."
            placeholder="New disk is ordered, arrives on Tuesday"
            lines={2}
            required
            value={reason}
            wrong={tried && reason.trim() === ''}
            onText={setReason}
          />
          <Field label="Your name" required value={author.name} wrong={tried && author.name.trim() === ''} onText={author.write} />
        </div>
        <Matched matchers={whole} preview={preview.data} error={preview.error} />
        <div class={`${style.fields} ${style.end}`}>
          {doubt !== null && (
            <label class={style.doubt}>
              <input type="checkbox" checked={confirmed} onChange={(event) => setConfirmed(event.currentTarget.checked)} />
              <span>
                <b>{upper(doubt)}.</b> I know, and want it all the same.
              </span>
            </label>
          )}
          <Refused error={keep.error} />
          <p class={style.buttons}>
            <Button kind="main" submit disabled={keep.isPending || (tried && !ready)}>
              {keep.isPending ? 'Keeping…' : id ? `Keep it for ${saySpan(span)}` : `Silence for ${saySpan(span)}`}
            </Button>
            <LinkButton kind="bare" to="/silences">
              Never mind
            </LinkButton>
          </p>
          {!id && <Again matchers={whole} reason={reason} />}
        </div>
      </form>
    </>
  )
}

type Wanted = { matchers: readonly Matcher[]; span: number; begins: number | null; id: string | null }

function wishOf({ matchers, span, begins, id }: Wanted, reason: string, created_by: string, confirm = false): SilenceWish | null {
  if (matchers.length === 0) return null
  const conditions = matchers.map((own) => matcherText({ ...own, name: own.name.trim() }))
  return { id, matchers: conditions, starts_at: begins, duration_ms: span, created_by, reason, confirm }
}

/** A value that has rested for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

type ConditionsProps = { matchers: readonly Matcher[]; onChange: (next: Matcher[]) => void }

function Conditions({ matchers, onChange }: ConditionsProps) {
  const alerts = useAlerts().data?.active ?? []
  const names = [...new Set(alerts.flatMap(({ labels }) => Object.keys(labels)))].toSorted()
  const shown = matchers.length === 0 ? [BLANK] : matchers
  const put = (at: number, next: Matcher | null) =>
    onChange(next === null ? shown.filter((_, index) => index !== at) : shown.map((own, index) => (index === at ? next : own)))
  return (
    <fieldset class={style.conditions}>
      <legend>Alerts with all of these labels</legend>
      <datalist id="label-names">
        {names.map((name) => (
          <option key={name} value={name} aria-label={name} />
        ))}
      </datalist>
      <ul>
        {shown.map((matcher, at) => (
          // Conditions have no name of their own but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={at} class={style.condition}>
            <input
              class={form.input}
              type="text"
              aria-label={`Label ${at + 1}`}
              placeholder="label"
              list="label-names"
              autocomplete="off"
              value={matcher.name}
              onInput={(event) => put(at, { ...matcher, name: event.currentTarget.value })}
            />
            <select
              class={form.input}
              aria-label={`How ${matcher.name || 'it'} is compared`}
              value={signOf(matcher)}
              onChange={(event) => put(at, withSign(matcher, event.currentTarget.value as Sign))}
            >
              {SIGNS.map(({ sign, text }) => (
                <option key={sign} value={sign}>
                  {text}
                </option>
              ))}
            </select>
            <input
              class={form.input}
              type="text"
              aria-label={`Value of ${matcher.name || 'it'}`}
              placeholder={matcher.isRegex ? 'expression' : 'value'}
              autocomplete="off"
              list={`values-${at}`}
              value={matcher.value}
              onInput={(event) => put(at, { ...matcher, value: event.currentTarget.value })}
            />
            <datalist id={`values-${at}`}>
              {[...new Set(alerts.flatMap(({ labels }) => labels[matcher.name] ?? []))].map((value) => (
                <option key={value} value={value} aria-label={value} />
              ))}
            </datalist>
            <Button kind="bare" label={`Leave out ${matcher.name || 'this condition'}`} onPress={() => put(at, null)}>
              ×
            </Button>
          </li>
        ))}
      </ul>
      <Button onPress={() => onChange([...shown, BLANK])}>Add a condition</Button>
    </fieldset>
  )
}

