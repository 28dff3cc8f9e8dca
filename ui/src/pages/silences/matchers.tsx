// Conditions as small tags.
import style from './silences.module.css'

export function Matchers({ matchers }: { matchers: readonly string[] }) {
  return (
    <ul class={style.matchers} aria-label="Conditions">
      {matchers.map((matcher) => {
        const [, name = '', value = matcher] = /^(.*?(?:=~|!~|!=|=))(.*)$/s.exec(matcher) ?? []
        return (
          <li key={matcher}>
            <b>{name}</b>
            {plainOf(value)}
          </li>
        )
      })}
    </ul>
  )
}

/** Without its quotation marks where nothing is lost by that. */
function plainOf(value: string): string {
  return /^"[^"\\\s]+"$/.test(value) ? value.slice(1, -1) : value
}
