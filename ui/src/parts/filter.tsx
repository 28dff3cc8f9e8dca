// Narrowing what a page lists, by words and by kind; both stand in the address.
import { useAddress } from '../address/address'
import { Find } from '../shell/icons'
import { Shape, type Mood } from './level'
import style from './parts.module.css'

export function WordFilter({ label, field = 'find' }: { label: string; field?: string }) {
  const { query, set } = useAddress()
  return (
    <label class={style.filter}>
      <span class="unseen">{label}</span>
      <Find />
      <input
        type="search"
        data-filter
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        value={query[field] ?? ''}
        onInput={(event) => set({ [field]: event.currentTarget.value }, 'replace')}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </label>
  )
}

export type Choice = { value: string | null; text: string; mood?: Mood | undefined; count?: number }

/** One of a few, as links: `null` is the choice the address need not name. */
export function Choices({ label, field, choices }: { label: string; field: string; choices: readonly Choice[] }) {
  const { query, link } = useAddress()
  const chosen = query[field] ?? null
  return (
    <nav class={style.chips} aria-label={label}>
      {choices.map(({ value, text, mood, count }) => (
        <a key={text} class={style.chip} href={link({ [field]: value })} aria-current={chosen === value ? 'true' : undefined}>
          {mood && <Shape mood={mood} />}
          {text}
          {count !== undefined && ` ${count}`}
        </a>
      ))}
    </nav>
  )
}

/** Whether every word occurs somewhere in the texts. */
export function matches(words: string | undefined, texts: readonly string[]): boolean {
  if (!words) return true
  const whole = texts.join(' ').toLowerCase()
  return words.toLowerCase().split(/\s+/).every((word) => whole.includes(word))
}
