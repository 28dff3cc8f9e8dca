// A table on a sheet. What is wider than the page is scrolled within, by key too.
import type { ComponentChildren } from 'preact'

import style from './table.module.css'

type Props = {
  /** What it is, for those who listen, and for those who find it by key. */
  label: string
  caption?: string
  /** Numbers, at the right of their columns; cells of words say `data-words`. */
  figures?: boolean
  /** The first column stays where it is. */
  still?: boolean
  /** Many columns: little room between them. */
  tight?: boolean
  children: ComponentChildren
}

export function Table({ label, caption = label, figures = false, still = false, tight = false, children }: Props) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div class={style.scroll} role="region" aria-label={label} tabIndex={0}>
      <table class={style.table} data-figures={figures} data-still={still} data-tight={tight}>
        <caption class="unseen">{caption}</caption>
        {children}
      </table>
    </div>
  )
}
