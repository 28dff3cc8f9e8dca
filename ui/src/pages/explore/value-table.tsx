// The values at the end of the window, one row per series; the labels that tell rows apart are columns.
import { useMemo, useState } from 'preact/hooks'

import { useInstant } from '../../api/prometheus'
import { Face } from '../../parts/face/face'
import { Section } from '../../parts/page/page'
import { counted, plain, say, unitOfMetric } from '../../text/numbers'
import { momentFull } from '../../text/time'
import style from './explore.module.css'
import { parseValue, rowsOf, type Row } from '../../chart/series'

/** More rows than a person scrolls through. */
const ROWS_MAX = 200

export function ValueTable({ query, at }: { query: string; at: number }) {
  const asked = useInstant(query, at)
  // What is wrong with the query stands above, once.
  if (asked.error && asked.data === undefined) return null
  return (
    <Section title="Values" note={`at ${momentFull(at)}`}>
      <Face asked={asked} what="values" rows={3} empty={({ data }) => (rowsOf(data).length === 0 ? <p>No value at this moment.</p> : null)}>
        {({ data }) => <Rows rows={rowsOf(data)} query={query} />}
      </Face>
    </Section>
  )
}

function Rows({ rows, query }: { rows: readonly Row[]; query: string }) {
  const [all, setAll] = useState(false)
  const sorted = useMemo(() => rows.toSorted((one, other) => number(other) - number(one)), [rows])
  const { labels, common } = useMemo(() => labelsOf(rows), [rows])
  const shown = all ? sorted : sorted.slice(0, ROWS_MAX)
  const unit = unitOfMetric(rows[0]?.metric['__name__'], query)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div class={style.values} role="region" aria-label="Values, as a table" tabIndex={0}>
      <table>
        {common !== '' && <caption>{common}</caption>}
        <thead>
          <tr>
            {labels.map((label) => (
              <th key={label} scope="col">
                {label === '__name__' ? 'metric' : label}
              </th>
            ))}
            <th scope="col">value</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={JSON.stringify(row.metric)}>
              {labels.map((label) => (
                <td key={label}>{row.metric[label] ?? ''}</td>
              ))}
              <td title={row.value}>{unit === 'count' ? plain(number(row)) : say(unit, number(row))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shown.length && (
        <button type="button" class={style.all} onClick={() => setAll(true)}>
          Show all {counted(sorted.length, 'row')}
        </button>
      )}
    </div>
  )
}

function number(row: Row): number {
  return parseValue(row.value)
}

function labelsOf(rows: readonly Row[]): { labels: string[]; common: string } {
  const names = [...new Set(rows.flatMap(({ metric }) => Object.keys(metric)))].toSorted()
  const first = rows[0]?.metric ?? {}
  const same = rows.length > 1 ? names.filter((name) => rows.every(({ metric }) => metric[name] === first[name])) : []
  return {
    labels: names.filter((name) => !same.includes(name)),
    common: same.map((name) => (name === '__name__' ? (first[name] ?? '') : `${name}="${first[name] ?? ''}"`)).join('  '),
  }
}
