// When a silence begins and how long it lasts.
import { useState } from 'preact/hooks'

import form from '../../parts/form/form.module.css'
import { useNow } from '../../shell/now'
import { DAY, HOUR, moment, parseSpan, saySpan, spanText } from '../../text/time'
import style from './silences.module.css'

const SPANS: readonly number[] = [HOUR / 2, HOUR, 2 * HOUR, 8 * HOUR, DAY, 3 * DAY, 7 * DAY]

type Props = {
  span: number
  onSpan: (span: number) => void
  /** When it begins; nothing for now. */
  begins: number | null
  onBegins: (at: number | null) => void
}

export function When({ span, onSpan, begins, onBegins }: Props) {
  const now = useNow(30_000)
  const from = Math.max(now, begins ?? now)
  return (
    <>
      <Duration span={span} onSpan={onSpan} />
      <fieldset class={style.duration}>
        <legend>From when on</legend>
        <div class={style.spans}>
          <button type="button" class={style.span} aria-pressed={begins === null} onClick={() => onBegins(null)}>
            now
          </button>
          <button type="button" class={style.span} aria-pressed={begins !== null} onClick={() => onBegins(begins ?? nextHour(now))}>
            later
          </button>
          {begins !== null && (
            <input
              class={form.input}
              type="datetime-local"
              aria-label="When it begins"
              value={localText(begins)}
              onInput={(event) => {
                const at = new Date(event.currentTarget.value).getTime()
                if (Number.isFinite(at)) onBegins(at)
              }}
            />
          )}
        </div>
        <p class={style.until}>
          From {begins === null ? 'now' : moment(from, now)} until {moment(from + span, now)}.
        </p>
      </fieldset>
    </>
  )
}

function nextHour(now: number): number {
  return Math.ceil((now + 1) / HOUR) * HOUR
}

/** As the browser's own field wants it: local time, to the minute. */
function localText(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function Duration({ span, onSpan }: { span: number; onSpan: (span: number) => void }) {
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
    </fieldset>
  )
}

