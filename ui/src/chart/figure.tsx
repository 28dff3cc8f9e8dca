// A chart's frame: caption, a summary for those who listen, and its twin as a table.
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

import { useAddress } from '../address/address'
import style from './chart.module.css'

export type Twin = { head: readonly string[]; rows: readonly (readonly string[])[] }

type Props = {
  title: string
  /** One or two sentences that say what the chart shows. */
  summary: string
  twin: () => Twin
  tools?: ComponentChildren
  children: ComponentChildren
}

export function Figure({ title, summary, twin, tools, children }: Props) {
  const { query, set } = useAddress()
  const id = useId()
  const asTable = query['view'] === 'table'
  return (
    <figure class={style.figure} aria-labelledby={id}>
      <figcaption class={style.caption}>
        <span id={id} class={style.title}>
          {title}
        </span>
        <span class={style.summary}>{summary}</span>
        <span class={style.tools}>
          {tools}
          <button
            type="button"
            class={style.toggle}
            aria-pressed={asTable}
            onClick={() => set({ view: asTable ? null : 'table' })}
          >
            As table
          </button>
        </span>
      </figcaption>
      {asTable ? <TwinTable twin={twin()} label={`${title}, as a table`} /> : children}
    </figure>
  )
}

/** More rows than a person reads through; a narrower window shows finer ones. */
const ROWS_MAX = 120

function TwinTable({ twin, label }: { twin: Twin; label: string }) {
  const every = Math.ceil(twin.rows.length / ROWS_MAX)
  const shown = twin.rows.filter((_, row) => row % every === 0)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div class={style.scroll} role="region" aria-label={label} tabIndex={0}>
      <table class={style.table}>
        <caption class="unseen">{label}</caption>
        <thead>
          <tr>
            {twin.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row[0]}>
              {row.map((cell, column) => (
                <td key={twin.head[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {every > 1 && <p class={style.cut}>One of every {every} moments. Zoom in for the others.</p>}
    </div>
  )
}
