// Labels as small tags, in a fixed order.
import type { Labels as LabelSet } from '../api/types'
import style from './parts.module.css'

type Props = { labels: LabelSet; hide?: readonly string[] }

export function Labels({ labels, hide = [] }: Props) {
  const shown = Object.entries(labels)
    .filter(([name]) => !hide.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
  if (shown.length === 0) return null
  return (
    <ul class={style.labels} aria-label="Labels">
      {shown.map(([name, value]) => (
        <li key={name}>
          <b>{name}=</b>
          {value}
        </li>
      ))}
    </ul>
  )
}

/** Labels in a line of text, for where tags would be too loud. */
export function labelLine(labels: LabelSet, hide: readonly string[] = []): string {
  return Object.entries(labels)
    .filter(([name]) => !hide.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')
}
