// What keeps an alert quiet, or will: silences and times that come again, each with its reason and its end.
import { useSilences } from '../../../api/silences'
import type { AlertView, SilenceList } from '../../../api/types'
import { silenceOf } from '../../../parts/alert/alert-row'
import { Empty, Face } from '../../../parts/face/face'
import { LinkButton } from '../../../parts/form/form'
import { Word } from '../../../parts/level'
import { Section } from '../../../parts/page/page'
import { useNow } from '../../../shell/now'
import { fulfils, parseMatchers } from '../../../text/matchers'
import { MINUTE, moment, saySpan } from '../../../text/time'
import style from './one.module.css'

/** Long enough to look, to sleep, and for a week-end. */
const SPANS: readonly [string, string][] = [
  ['1h', '1 h'],
  ['8h', '8 h'],
  ['2d', '2 days'],
]

export function Silences({ alert }: { alert: AlertView }) {
  const asked = useSilences()
  const now = useNow(MINUTE)
  return (
    <Section title="Silences" more={<a href="/silences">All silences</a>}>
      <Face asked={asked} what="silences" rows={2} empty={(list) => (matching(list, alert, now).length === 0 ? <None alert={alert} /> : null)}>
        {(list) => (
          <ul class={style.told} aria-label="Silences of this alert">
            {matching(list, alert, now).map(({ key, reason, note, active, to }) => (
              <li key={key}>
                <a href={to}>{reason}</a>
                <Word mood={active ? 'info' : 'pending'} word={active ? 'quiet now' : 'not now'} />
                <p class={style.faint}>{note}</p>
              </li>
            ))}
          </ul>
        )}
      </Face>
    </Section>
  )
}

function None({ alert }: { alert: AlertView }) {
  return (
    <Empty title="None matches it">
      {alert.state === 'resolved' ? (
        'It has ended.'
      ) : (
        <span class={style.acts}>
          {SPANS.map(([span, text]) => (
            <LinkButton key={span} to={silenceOf(alert, span)}>
              Silence for {text}
            </LinkButton>
          ))}
        </span>
      )}
    </Empty>
  )
}

type Own = { key: string; reason: string; note: string; active: boolean; to: string }

/** Those that hold or will hold and match the alert's labels. */
function matching({ silences, windows }: SilenceList, { labels }: AlertView, now: number): Own[] {
  const means = (matchers: readonly string[]) => {
    const read = parseMatchers(matchers.join(', '))
    return read.length > 0 && fulfils(labels, read)
  }
  const own = silences
    .filter(({ state, matchers }) => state !== 'expired' && means(matchers))
    .map(({ id, reason, created_by, state, starts_at, ends_at }) => ({
      key: id,
      reason,
      note:
        state === 'active'
          ? `by ${created_by || 'somebody'}, until ${moment(ends_at, now)}: ${saySpan(Math.max(0, ends_at - now))} left`
          : `by ${created_by || 'somebody'}, from ${moment(starts_at, now)} to ${moment(ends_at, now)}`,
      active: state === 'active',
      to: `/silences?find=${encodeURIComponent(id)}`,
    }))
  const again = windows
    .filter(({ matchers }) => means(matchers))
    .map(({ name, reason, active, when }) => ({ key: name, reason: name, note: [reason, when].filter(Boolean).join(' · '), active, to: '/silences' }))
  return [...own, ...again]
}
