// A page's heading, and a part of a page with its own.
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

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

export function Tools({ children }: { children: ComponentChildren }) {
  return <div class={style.tools}>{children}</div>
}

export function Sheet({ children }: { children: ComponentChildren }) {
  return <div class={style.sheet}>{children}</div>
}
