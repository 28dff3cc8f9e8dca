// Conditions as small tags.
import type { Matcher } from '../../api/silences'
import { matcherText, signOf } from '../../text/matchers'
import style from './silences.module.css'

export function Matchers({ matchers }: { matchers: readonly Matcher[] }) {
  return (
    <ul class={style.matchers} aria-label="Conditions">
      {matchers.map((matcher) => (
        <li key={matcherText(matcher)}>
          <b>
            {matcher.name}
            {signOf(matcher)}
          </b>
          {matcher.value === '' ? '""' : matcher.value}
        </li>
      ))}
    </ul>
  )
}
