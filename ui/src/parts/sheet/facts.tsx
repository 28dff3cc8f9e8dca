// What a thing is, as names and what stands behind each.
import type { ComponentChildren } from 'preact'

import { patched } from '../../address/window'
import style from './facts.module.css'

/** `dt` and `dd` in turn, beside each other; on a narrow screen beneath each other. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class={style.facts}>{children}</dl>
}

/** Short facts, the name at the left and the figure at the right: `div`s with `dt` and `dd`. */
export function Figures({ children }: { children: ComponentChildren }) {
  return <dl class={style.figures}>{children}</dl>
}

/** An expression, with the way to ask it. */
export function Expression({ text, query = text }: { text: string; query?: string }) {
  return (
    <span class={style.expression}>
      <code>{text}</code>
      {/* A number is no question. */}
      {Number.isNaN(Number(query)) && (
        <a href={patched('/explore', {}, { query })} aria-label={`Explore ${query}`}>
          Explore
        </a>
      )}
    </span>
  )
}
