// A page's heading, where it lies, and a part of a page with its own heading.
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

import { Chevron } from '../../shell/icons'
import { useNow } from '../../shell/now'
import { MINUTE, momentFull } from '../../text/time'
import style from './page.module.css'

type HeadProps = { title: string; note?: ComponentChildren; children?: ComponentChildren }

/** The heading names the page, in the window's title too. */
export function Head({ title, note, children }: HeadProps) {
  useTitle(title)
  return (
    <header class={style.head}>
      <h1>{title}</h1>
      {note && <span class={style.note}>{note}</span>}
      {children}
    </header>
  )
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === 'Plimsoll' ? title : `${title} · Plimsoll`
  }, [title])
}

/** The way back: the list this page is one of. */
export function Path({ to, list, here }: { to: string; list: string; here: string }) {
  return (
    <nav class={style.path} aria-label="Where this is">
      <a href={to}>{list}</a>
      <Chevron />
      <span aria-current="page">{here}</span>
      <Printed />
    </nav>
  )
}

/** On paper only: as of when. */
export function Printed() {
  const now = useNow(MINUTE)
  return <span class={style.printed}>as of {momentFull(now)}</span>
}

type SectionProps = { title: string; note?: ComponentChildren; more?: ComponentChildren; children: ComponentChildren }

export function Section({ title, note, more, children }: SectionProps) {
  return (
    <section class={style.section}>
      <div class={style.title}>
        <h2>{title}</h2>
        {note && <span class={style.note}>{note}</span>}
        {more && <span class={style.more}>{more}</span>}
      </div>
      {children}
    </section>
  )
}

/** Two sections beside each other where there is room, `uneven` with more of it for the first. */
export function Pair({ uneven = false, children }: { uneven?: boolean; children: ComponentChildren }) {
  return (
    <div class={style.pair} data-uneven={uneven}>
      {children}
    </div>
  )
}

export function Tools({ children }: { children: ComponentChildren }) {
  return <div class={style.tools}>{children}</div>
}

export function Sheet({ children }: { children: ComponentChildren }) {
  return <div class={style.sheet}>{children}</div>
}
