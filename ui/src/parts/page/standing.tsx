// The top of a page about one thing: its name, how it stands in a word, and what that means in a sentence.
import type { ComponentChildren } from 'preact'

import style from './standing.module.css'

type Props = { title: string; words: ComponentChildren; children: ComponentChildren }

export function Standing({ title, words, children }: Props) {
  return (
    <header class={style.top}>
      <div class={style.name}>
        <h1>{title}</h1>
        {words}
      </div>
      {children}
    </header>
  )
}

/** What matters first, in large type. What is in a `span` is said more quietly. */
export function Verdict({ children }: { children: ComponentChildren }) {
  return <p class={style.verdict}>{children}</p>
}

/** What stands beneath a verdict. */
export function Soft({ children }: { children: ComponentChildren }) {
  return <p class={style.soft}>{children}</p>
}

/** What to do, or why it matters, in somebody's own words. */
export function Advice({ children }: { children: ComponentChildren }) {
  return <p class={style.advice}>{children}</p>
}
