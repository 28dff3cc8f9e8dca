// How it is known how each resource of a scenario follows: learnt from what is recorded, or general knowledge.
import type { OutcomeView } from '../../../api/types'
import { Section } from '../../../parts/page/page'
import { Soft } from '../../../parts/page/standing'
import { Word, type Mood } from '../../../parts/level'
import { Facts } from '../../../parts/sheet/facts'
import { quoted, unbroken } from '../../../text/numbers'
import style from './scenarios.module.css'

const SOURCES: Readonly<Record<string, { mood: Mood; text: string }>> = {
  measured: { mood: 'info', text: 'learnt' },
  'load line': { mood: 'info', text: 'from a load line' },
  general: { mood: 'notice', text: 'general knowledge' },
  alone: { mood: 'unknown', text: 'by itself' },
}

/** Plans that were frozen before this was kept say nothing. */
export function Bases({ outcomes }: { outcomes: readonly OutcomeView[] }) {
  const told = outcomes.flatMap((outcome) =>
    outcome.resources.flatMap(({ name, title, basis }) => (basis?.source ? [{ key: `${outcome.name} ${name}`, of: outcome.name, title, basis }] : [])),
  )
  const warnings = outcomes.flatMap((outcome) => (outcome.warnings ?? []).map((text) => ({ of: outcome.name, text })))
  if (told.length === 0 && warnings.length === 0) return null
  return (
    <Section title="How it is known" note="learnt from what is recorded here, or general knowledge of such things">
      <Facts>
        {told.map(({ key, of, title, basis }) => [
          <dt key={key}>
            {title}
            {outcomes.length > 1 && <span class={style.of}>{of}</span>}
          </dt>,
          <dd key={`${key} is`} class={style.basis}>
            <Word mood={SOURCES[basis.source]?.mood ?? 'unknown'} word={SOURCES[basis.source]?.text ?? basis.source} />
            <span>
              {unbroken(quoted(basis.text))}
              {basis.service !== null && (
                <>
                  {' '}
                  <a href={`/capacity/services/${encodeURIComponent(basis.service)}`}>Its load line</a>
                </>
              )}
            </span>
          </dd>,
        ])}
      </Facts>
      {warnings.map(({ of, text }) => (
        <Soft key={`${of} ${text}`}>{unbroken(quoted(outcomes.length > 1 ? `${of}: ${text}` : text))}</Soft>
      ))}
    </Section>
  )
}
