// Labels as small tags, in a fixed order.
import type { Labels as LabelSet } from '../api/types'
import style from './parts.module.css'

type Props = { labels: LabelSet; hide?: readonly string[] }

const NONE: readonly string[] = []

export function Labels({ labels, hide = NONE }: Props) {
  const shown = inOrder(labels, hide)
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

/** The names of labels whose values the title says already. */
export function saidIn(title: string, labels: LabelSet): string[] {
  const words = title.split(/[\s,()]+/)
  return Object.keys(labels).filter((name) => words.includes(labels[name] ?? ''))
}

/** Labels in a line of text, for where tags would be too loud. */
export function labelLine(labels: LabelSet, hide = NONE): string {
  return inOrder(labels, hide)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')
}

function inOrder(labels: LabelSet, hide: readonly string[]): [string, string][] {
  return Object.entries(labels)
    .filter(([name]) => !hide.includes(name))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
}
