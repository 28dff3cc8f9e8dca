// A new silence: what, how long, why, and what that would keep quiet before it is made.
import { useEffect, useMemo, useState } from 'preact/hooks'

import { useAddress } from '../../address/address'
import { useKeepSilence, usePreview } from '../../api/silences'
import type { SilencePreview, SilenceWish } from '../../api/types'
import { Button, Field, LinkButton, Refused } from '../../parts/form/form'
import { Head } from '../../parts/page'
import { Chevron } from '../../shell/icons'
import { useNow } from '../../shell/now'
import { fulfils, matchersText, matcherText, parseMatchers, SIGNS, signOf, withSign, type Matcher, type Sign } from '../../text/matchers'
import { counted } from '../../text/numbers'
import { DAY, HOUR, moment, parseSpan, saySpan, spanText } from '../../text/time'
import { labelLine } from '../../parts/labels'
import { useAlerts } from '../../api/queries'
import form from '../../parts/form/form.module.css'
import style from './silences.module.css'

const SPANS: readonly number[] = [HOUR / 2, HOUR, 2 * HOUR, 8 * HOUR, DAY, 3 * DAY, 7 * DAY]
const AUTHOR = 'plimsoll.author'
/** How long a pause in typing is before the program is asked. */
const PAUSE_MS = 250

const BLANK: Matcher = { name: '', value: '', isRegex: false, isEqual: true }

export default function NewSilence() {
  const { query, set, go } = useAddress()
  const [matchers, setMatchers] = useState<Matcher[]>(() => parseMatchers(query['matchers'] ?? ''))
  const [reason, setReason] = useState(query['reason'] ?? '')
  const [author, setAuthor] = useState(kept)
  const [confirmed, setConfirmed] = useState(false)
  const [tried, setTried] = useState(false)
  const span = parseSpan(query['for'] ?? '') ?? 2 * HOUR
  const keep = useKeepSilence()

  const whole = useMemo(() => matchers.filter(({ name }) => name.trim() !== ''), [matchers])
  const wanted = useSettled(useMemo(() => wishOf(whole, span, 'not yet said', 'somebody'), [whole, span]))
  const preview = usePreview(wanted)
  const doubt = whole.length > 0 && preview.data && preview.data.doubts.length > 0 ? preview.data.doubts.join('; ') : null
  useEffect(() => setConfirmed(false), [doubt])

  const change = (next: Matcher[]) => {
    setMatchers(next)
    set({ matchers: matchersText(next.filter(({ name }) => name !== '')) }, 'replace')
  }
  const ready = whole.length > 0 && reason.trim() !== '' && author.trim() !== '' && (doubt === null || confirmed)
  const submit = (event: Event) => {
    event.preventDefault()
    setTried(true)
    const final = wishOf(whole, span, reason.trim(), author.trim(), confirmed)
    if (!ready || !final || keep.isPending) return
    remember(author.trim())
    keep.mutate(final, { onSuccess: () => go('/silences') })
  }

  return (
    <>
      <nav class={style.path} aria-label="Where this is">
        <a href="/silences">Silences</a>
        <Chevron />
        <span aria-current="page">New</span>
      </nav>
      <Head title="New silence" note="keeps what it matches quiet, for a time and a reason" />
      <form class={style.form} onSubmit={submit} noValidate>
        <div class={style.fields}>
          <Conditions matchers={matchers} onChange={change} />
          <Duration span={span} onSpan={(next) => set({ for: spanText(next) }, 'replace')} />
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
          <Field label="Your name" required value={author} wrong={tried && author.trim() === ''} onText={setAuthor} />
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
              {keep.isPending ? 'Keeping…' : `Silence for ${saySpan(span)}`}
            </Button>
            <LinkButton kind="bare" to="/silences">
              Never mind
            </LinkButton>
          </p>
        </div>
      </form>
    </>
  )
}

function wishOf(matchers: readonly Matcher[], span: number, reason: string, created_by: string, confirm = false): SilenceWish | null {
  if (matchers.length === 0) return null
  return { matchers: matchers.map((own) => matcherText({ ...own, name: own.name.trim() })), duration_ms: span, created_by, reason, confirm }
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

function kept(): string {
  try {
    return localStorage.getItem(AUTHOR) ?? ''
  } catch {
    return ''
  }
}

function remember(author: string): void {
  try {
    localStorage.setItem(AUTHOR, author)
  } catch {
    // It is typed again next time.
  }
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/[.]$/, '')
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

function Duration({ span, onSpan }: { span: number; onSpan: (span: number) => void }) {
  const now = useNow(30_000)
  const [text, setText] = useState('')
  const wrong = text !== '' && parseSpan(text) === null
  return (
    <fieldset class={style.duration}>
      <legend>For how long</legend>
      <div class={style.spans}>
        {SPANS.map((own) => (
          <button
            key={own}
            type="button"
            class={style.span}
            aria-pressed={own === span}
            onClick={() => {
              setText('')
              onSpan(own)
            }}
          >
            {saySpan(own)}
          </button>
        ))}
        <input
          class={form.input}
          type="text"
          aria-label="Another span, such as 45m or 2d"
          placeholder={SPANS.includes(span) ? '45m' : spanText(span)}
          aria-invalid={wrong}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value)
            const own = parseSpan(event.currentTarget.value)
            if (own !== null) onSpan(own)
          }}
        />
      </div>
      <p class={style.until}>
        From now until {moment(now + span, now)}.
      </p>
    </fieldset>
  )
}

type MatchedProps = { matchers: readonly Matcher[]; preview: SilencePreview | undefined; error: unknown }

/** What it would keep quiet, told by the program, and of what waits to fire too. */
function Matched({ matchers, preview, error }: MatchedProps) {
  const alerts = useAlerts().data?.active ?? []
  const pending = alerts.filter(({ state, labels }) => state === 'pending' && matchers.length > 0 && fulfils(labels, matchers)).length
  return (
    <section class={style.preview} aria-label="What it would match" aria-live="polite">
      <h2>What it would match</h2>
      {matchers.length === 0 ? (
        <p>Name a label, and what it would keep quiet is shown here.</p>
      ) : error ? (
        <Refused error={error} />
      ) : preview ? (
        <>
          <p class={style.count}>
            <b>{counted(preview.firing, 'alert')}</b> firing now{pending > 0 && `, ${pending} pending`}
          </p>
          <p>
            {preview.seen === 0
              ? 'No alert fired in the last 24 hours.'
              : `${preview.matched} of the ${counted(preview.seen, 'different alert')} of the last 24 hours.`}
          </p>
          {preview.wrong && <p>{upper(preview.wrong)}.</p>}
          {preview.alerts.length > 0 && (
            <ul class={style.matched}>
              {preview.alerts.slice(0, 20).map(({ id, name, summary, labels }) => (
                <li key={id}>
                  <b>{summary || name}</b> {labelLine(labels, ['severity'])}
                </li>
              ))}
            </ul>
          )}
          {preview.firing > 20 && <p>and {counted(preview.firing - 20, 'more', 'more')}.</p>}
        </>
      ) : (
        <p>Looking…</p>
      )}
    </section>
  )
}
