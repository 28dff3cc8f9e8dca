// What each request of a run took of machines, and what is different from the baseline.
import type { Taken as Told } from '../../../api/types'
import { Word } from '../../../parts/level'
import { Empty } from '../../../parts/face/face'
import { Section } from '../../../parts/page/page'
import { Table } from '../../../parts/sheet/table'
import { digits } from '../../../text/numbers'
import { differenceText } from '../rows'

export function Taken({ taken: { refused, resources, impact } }: { taken: Told }) {
  const beside = new Map(impact?.resources.map((own) => [own.name, own]))
  return (
    <Section title="What each request took" note="of machines, in the unit of each times a second">
      {refused !== null ? (
        <Empty title="Nothing can be said">{refused}.</Empty>
      ) : (
        <Table label="What each request took" figures>
          <thead>
            <tr>
              <th scope="col">Resource</th>
              <th scope="col">Each</th>
              <th scope="col">19 times of 20 between</th>
              {impact && <th scope="col">Against the baseline</th>}
            </tr>
          </thead>
          <tbody>
            {resources.map(({ name, each, between }) => {
              const own = beside.get(name)
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{figure(each)}</td>
                  <td>{between ? `${figure(between[0])} and ${figure(between[1])}` : '–'}</td>
                  {impact && <td>{own ? <Word mood={own.changed ? 'notice' : 'fine'} word={own.changed ? differenceText(own.difference) : 'no change'} /> : '–'}</td>}
                </tr>
              )
            })}
          </tbody>
        </Table>
      )}
    </Section>
  )
}

/** What one request takes may be very little, or bytes. */
function figure(value: number | null): string {
  if (value === null) return '–'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2)
  return size >= 1 ? digits(value) : value.toPrecision(2)
}
