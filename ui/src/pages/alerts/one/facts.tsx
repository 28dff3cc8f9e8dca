// What matters first of an alert: its figure beside what is usual, since when it holds, who knows of it, what changed.
import type { ComponentChildren } from 'preact'

import type { AlertDetail } from '../../../api/types'
import { patched } from '../../../address/window'
import { SENT } from '../../../parts/alert/evidence'
import { ChangeRows } from '../../../parts/change/change-rows'
import { Empty } from '../../../parts/face/face'
import { Word, type Mood } from '../../../parts/level'
import { Section } from '../../../parts/page/page'
import { Facts } from '../../../parts/sheet/facts'
import { useNow } from '../../../shell/now'
import { counted } from '../../../text/numbers'
import { MINUTE, moment, momentFull, saySpan } from '../../../text/time'
import style from './one.module.css'
import { measureOf } from './lines'
import { receiversOf } from './told'

/** How long before it fired changes are looked for. */
const LOOKED_BACK = 30 * MINUTE

export function Standing({ detail }: { detail: AlertDetail }) {
  const { alert } = detail
  const now = useNow(MINUTE / 2)
  const { say, line, of } = measureOf(alert)
  const { value, evidence, active_at, fired_at, resolved_at } = alert
  const { normal } = evidence
  return (
    <dl class={style.standing}>
      {/* Who sends alerts here sends no figures. */}
      {alert.source !== SENT && (
        <>
          <Fact name={resolved_at === null ? 'Value' : 'Last value'} note={line === null ? of : `its line is at ${say(line)}`}>
            {value === null ? 'none' : say(value)}
          </Fact>
          <Fact name="Usual at this hour" note={normal ? `from the last ${normal.days} days` : 'takes a week of its samples'}>
            {normal ? `${say(normal.low)} – ${say(normal.high)}` : <span class={style.soft}>not known</span>}
          </Fact>
        </>
      )}
      <Fact
        name={fired_at === null ? 'Holds since' : 'Fires since'}
        note={
          resolved_at !== null
            ? `lasted ${saySpan(resolved_at - (fired_at ?? active_at))}`
            : fired_at !== null && fired_at - active_at >= 1_000
              ? `held for ${saySpan(fired_at - active_at)} before`
              : `for ${saySpan(Math.max(0, now - (fired_at ?? active_at)))}`
        }
      >
        <time dateTime={new Date(fired_at ?? active_at).toISOString()} title={momentFull(fired_at ?? active_at)}>
          {moment(fired_at ?? active_at, now)}
        </time>
      </Fact>
      <Known detail={detail} />
      <Fact name="Changed before it" note="in the half hour">
        {fired_at === null ? <span class={style.soft}>not looked yet</span> : evidence.changes.length === 0 ? 'nothing known' : counted(evidence.changes.length, 'change')}
      </Fact>
    </dl>
  )
}

function Fact({ name, note, children }: { name: string; note: string | null; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {note !== null && <span class={style.note}>{note}</span>}
      </dd>
    </div>
  )
}

/** Who has been told, and whether anybody has not. */
function Known({ detail: { alert, told } }: { detail: AlertDetail }) {
  const receivers = receiversOf(told)
  const reached = receivers.filter(({ reached: own }) => own).length
  const wrong = receivers.filter(({ mood }) => mood === 'warning' || mood === 'critical')
  const first = receivers.filter(({ reached: own }) => own).map(({ name }) => name)
  if (receivers.length === 0) {
    return (
      <Fact name="Told" note={alert.quiet_because.length > 0 ? 'it is kept quiet' : alert.told ? null : 'it stands on these pages only'}>
        nobody
      </Fact>
    )
  }
  const mood: Mood = wrong.length === 0 ? 'fine' : reached === 0 ? 'critical' : 'warning'
  return (
    <Fact name="Told" note={wrong.length > 0 ? `not ${wrong.map(({ name }) => name).join(', ')}` : first.join(', ') || null}>
      <Word mood={mood} word={`${reached} of ${counted(receivers.length, 'receiver')}`} />
    </Fact>
  )
}

export function Changed({ detail: { alert } }: { detail: AlertDetail }) {
  const { fired_at, active_at, evidence } = alert
  const at = fired_at ?? active_at
  const around = { from: new Date(at - LOOKED_BACK).toISOString(), to: new Date(at + LOOKED_BACK).toISOString() }
  return (
    <Section title="Changed before it fired" note="the likeliest cause first" more={<a href={patched('/changes', {}, around)}>All around it</a>}>
      {evidence.changes.length === 0 ? (
        <Empty title={fired_at === null ? 'Not looked yet' : 'No change known in the half hour before'}>
          {fired_at === null ? 'Changes are looked for when it fires.' : 'Deployments and the like are told by web hook, or by plimsoll change add.'}
        </Empty>
      ) : (
        <ChangeRows changes={evidence.changes} label="Changes before it fired" before={at} />
      )}
    </Section>
  )
}

/** Which rule it comes from, word for word. */
export function Origin({ detail: { alert } }: { detail: AlertDetail }) {
  const { expr, source, annotations } = alert
  const shown = Object.entries(annotations).filter(([name]) => !SAID.has(name) && !name.startsWith('plimsoll_') && !(name === 'lines' && alert.resource_id))
  return (
    <Section title="Where it comes from">
      <Facts>
        <dt>Source</dt>
        <dd>{source === SENT ? 'another program sends it here' : source}</dd>
        {expr && (
          <>
            <dt>Expression</dt>
            <dd>
              <code>{expr}</code>
            </dd>
          </>
        )}
        {shown.map(([name, text]) => (
          <Annotation key={name} name={name} text={text} />
        ))}
      </Facts>
    </Section>
  )
}

/** What the page shows above. */
const SAID: ReadonlySet<string> = new Set(['summary', 'description'])

function Annotation({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd>
        {/^https?:\/\/\S+$/.test(text) ? (
          <a href={text} target="_blank" rel="noreferrer">
            {text}
          </a>
        ) : (
          text
        )}
      </dd>
    </>
  )
}
