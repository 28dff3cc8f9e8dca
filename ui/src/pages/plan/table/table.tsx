// What so many tenants need: users, connections, cores, memory, storage, the middle and what nine of ten such systems have.
import { useState } from 'preact/hooks'

import { useAddress } from '../../../address/address'
import { useDriverTable } from '../../../api/plan'
import type { DriverCell, DriverColumn, DriverTable } from '../../../api/types'
import { Empty, Face } from '../../../parts/face/face'
import { Choices } from '../../../parts/filter'
import { Button } from '../../../parts/form/form'
import { Head, Section, Tools } from '../../../parts/page/page'
import { Facts } from '../../../parts/sheet/facts'
import { Table } from '../../../parts/sheet/table'
import { say, sayRange, whole } from '../../../text/numbers'
import { PlanTabs } from '../tabs'
import { numbersOf } from './numbers'
import style from './table.module.css'

export default function Growth() {
  const { query } = useAddress()
  const values = query['values'] ?? ''
  const measured = query['from'] !== 'reference'
  const asked = useDriverTable(values, measured)
  const by = asked.data?.drivers.find(({ name }) => name === asked.data?.by)
  return (
    <>
      <Head title="What growth needs" note={by && `by ${by.title.toLowerCase()}`}>
        <PlanTabs />
      </Head>
      <Tools>
        <Values key={values} text={values} shown={asked.data?.values ?? []} of={by?.title.toLowerCase() ?? ''} />
        <Choices
          label="From what"
          field="from"
          choices={[
            { value: null, text: 'as measured' },
            { value: 'reference', text: 'the reference alone' },
          ]}
        />
      </Tools>
      <Face asked={asked} what="table" rows={6}>
        {(table) => <Full table={table} />}
      </Face>
    </>
  )
}

/** The numbers that are asked for. They are taken once they are numbers. */
function Values({ text, shown, of }: { text: string; shown: readonly number[]; of: string }) {
  const { set } = useAddress()
  const [typed, setTyped] = useState(text)
  const numbers = numbersOf(typed)
  const submit = (event: Event) => {
    event.preventDefault()
    if (numbers !== null) set({ values: numbers.join(',') })
  }
  return (
    <form class={style.values} onSubmit={submit} noValidate>
      <label>
        <span>How many {of}</span>
        <input
          type="text"
          data-filter
          inputMode="numeric"
          autocomplete="off"
          placeholder={shown.join(', ')}
          aria-invalid={numbers === null}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <Button submit disabled={numbers === null}>
        Show
      </Button>
      {numbers === null && (
        <span class={style.wrong} role="alert">
          numbers above nought with commas between them, 100 at most
        </span>
      )}
    </form>
  )
}

function Full({ table: { drivers, values, by } }: { table: DriverTable }) {
  const known = drivers.filter((own) => own.name === by || own.cells.some((cell) => cell !== null))
  const unknown = drivers.filter((own) => !known.includes(own))
  const root = drivers.find(({ name }) => name === by)
  const columns = known.filter(({ name }) => name !== by)
  if (columns.length === 0) {
    return (
      <Empty title="Nothing follows it" command="plimsoll plan table --help">
        Each figure of the file of drivers says which one it follows, and how.
      </Empty>
    )
  }
  const guessed = columns.some(({ cells }) => cells.some((cell) => cell?.guess))
  return (
    <>
      <Table label="What growth needs" caption={`What each number of ${root?.title.toLowerCase() ?? by} needs`} figures still>
          <thead>
            <tr>
              <th scope="col">{root?.title ?? by}</th>
              {columns.map(({ name, title }) => (
                <th key={name} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {values.map((value, row) => (
              <tr key={value}>
                <th scope="row">{whole(value)}</th>
                {columns.map((column) => (
                  <Cell key={column.name} column={column} cell={column.cells[row] ?? null} />
                ))}
              </tr>
            ))}
          </tbody>
      </Table>
      <p class={style.note}>
        Beneath each figure: nine of ten systems like this lie between.
        {guessed && ' ? lies beyond twice what is known, so it is a guess.'}
      </p>
      <Section title="Where each comes from">
        <Facts>
          {columns.map((column) => [
            <dt key={column.name}>{column.title}</dt>,
            <dd key={`${column.name} from`}>{fromText(column, drivers)}</dd>,
          ])}
          {unknown.map(({ name, title }) => [<dt key={name}>{title}</dt>, <dd key={`${name} from`}>nothing is known of it</dd>])}
        </Facts>
      </Section>
    </>
  )
}

/** A curve that is followed far beyond what is known can come to more than there is in the world. */
const ABSURD = 1e21

function Cell({ column: { unit }, cell }: { column: DriverColumn; cell: DriverCell | null }) {
  if (!cell) return <td>–</td>
  const { low, mid, high, guess } = cell
  if (guess && mid > ABSURD) return <td class={style.guess}>no telling</td>
  return (
    <td class={guess ? style.guess : undefined}>
      <b>{say(unit, mid)}</b>
      {guess && (
        <>
          {' '}
          <span aria-hidden="true">?</span>
          <span class="unseen">a guess</span>
        </>
      )}
      {high > low && (
        <span class={style.range}>
          {sayRange(unit, low, high)}
        </span>
      )}
    </td>
  )
}

/** How one figure follows another, in words. */
const RELATIONS: Readonly<Record<string, string>> = {
  work: 'grows in step with',
  held: 'held open at once by',
  cached: 'grows more and more slowly with',
  piled: 'piles up over time with',
  latency: 'waits longer with',
  together: 'gains less and less from more',
}

function fromText({ source, form, why_not, beyond, follows, relation }: DriverColumn, drivers: readonly DriverColumn[]): string {
  const behind = drivers.find(({ name }) => name === follows)?.title.toLowerCase() ?? follows
  const parts = [
    `${source}${form ? `, ${form}` : ''}`,
    behind ? `${RELATIONS[relation] ?? 'follows'} ${behind}` : '',
    why_not ? `what was measured is of no use: ${why_not}` : '',
    beyond ?? '',
  ]
  return parts.filter(Boolean).join('; ')
}
