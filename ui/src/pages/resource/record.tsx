// How earlier forecasts of a resource have fared, so that everybody knows how far the next one is to be trusted.
import type { LeadRecordView, ResourceDetail } from '../../api/types'
import { Empty } from '../../parts/face/face'
import { Word, type Mood } from '../../parts/level'
import { Table } from '../../parts/sheet/table'
import { counted, percent, say } from '../../text/numbers'
import { saySpan } from '../../text/time'
import style from './resource.module.css'

/** Intervals are told with 90 %; fewer forecasts than these say nothing about that. */
const TOLD = 0.9
const FEW = 24

export function Record({ resource: { forecast, unit } }: { resource: ResourceDetail }) {
  const { leads, dates } = forecast.record
  const scored = leads.filter((lead) => lead.scored > 0)
  if (scored.length === 0 && !dates?.scored) {
    return (
      <Empty title="No forecast has had its time yet">
        Every hour what is told for a day and for a week ahead is written down. When its time has come it is compared with what came.
      </Empty>
    )
  }
  return (
    <Table label="How forecasts have fared" caption="How the forecasts of the last 30 days have fared">
        <thead>
          <tr>
            <th scope="col">Told ahead</th>
            <th scope="col">Scored</th>
            <th scope="col">Lay in the interval</th>
            <th scope="col">Off by, on average</th>
            <th scope="col">At worst</th>
          </tr>
        </thead>
        <tbody>
          {scored.map((lead) => (
            <tr key={lead.lead_ms}>
              <th scope="row">{saySpan(lead.lead_ms)}</th>
              <td>{lead.scored}</td>
              <td>
                <Held share={lead.covered} scored={lead.scored} />
              </td>
              <td>
                {say(unit, lead.error)} <span class={style.line}>{besideNaive(lead, unit)}</span>
              </td>
              <td>{say(unit, lead.worst)}</td>
            </tr>
          ))}
          {dates && dates.scored > 0 && (
            <tr>
              <th scope="row">Date of the critical line</th>
              <td>{dates.scored}</td>
              <td>
                <Held share={dates.covered} scored={dates.scored} />
              </td>
              <td>{dates.error === null ? '–' : `${percent(dates.error)} of the time that was left`}</td>
              <td>–</td>
            </tr>
          )}
        </tbody>
    </Table>
  )
}

function Held({ share, scored }: { share: number; scored: number }) {
  const mood = heldMood(share, scored)
  return <Word mood={mood} word={`${percent(share)}${scored < FEW ? `, of only ${counted(scored, 'forecast')}` : ''}`} />
}

/** Well below what is told, intervals are too narrow to plan with. */
function heldMood(share: number, scored: number): Mood {
  if (scored < FEW) return 'unknown'
  return share < TOLD - 0.1 ? 'warning' : 'fine'
}

function besideNaive({ error, error_naive }: LeadRecordView, unit: ResourceDetail['unit']): string {
  if (error_naive === null) return ''
  const word = error <= error_naive ? 'better than' : 'worse than'
  return `${word} «as it was»: ${say(unit, error_naive)}`
}
