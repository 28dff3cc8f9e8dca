// What a silence would keep quiet, before it is made; and the same as a time that comes again and again.
import { useAlerts } from '../../api/queries'
import type { SilencePreview } from '../../api/types'
import { Refused } from '../../parts/form/form'
import { labelLine } from '../../parts/labels'
import { fulfils, matcherText, type Matcher } from '../../text/matchers'
import { counted } from '../../text/numbers'
import style from './silences.module.css'

type MatchedProps = { matchers: readonly Matcher[]; preview: SilencePreview | undefined; error: unknown }

/** What it would keep quiet, told by the program, and of what waits to fire too. */
export function Matched({ matchers, preview, error }: MatchedProps) {
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

/** Windows stand in the settings, where all servers and everybody who reads them find the same. */
export function Again({ matchers, reason }: { matchers: readonly Matcher[]; reason: string }) {
  return (
    <details class={style.again}>
      <summary>Does it come again and again, such as every night?</summary>
      <p>Write it into the settings instead; it then needs no silence:</p>
      <pre>{settingsOf(matchers, reason)}</pre>
    </details>
  )
}

export function settingsOf(matchers: readonly Matcher[], reason: string): string {
  const conditions = matchers.length === 0 ? ['job="backup"'] : matchers.map(matcherText)
  return [
    'alerts:',
    '  windows:',
    '    - name: nightly',
    `      matchers: [${conditions.map(quoted).join(', ')}]`,
    `      reason: ${quoted(reason.trim() === '' ? 'why they are quiet' : reason.trim().replace(/\s+/g, ' '))}`,
    "      from: '22:00'",
    "      to: '02:00'",
    "      weekdays: ['monday:friday']",
    '      zone: Europe/Berlin',
  ].join('\n')
}

/** As YAML has it between single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/[.]$/, '')
}
