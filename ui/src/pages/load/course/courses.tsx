// The course of one run: how many were answered, how long it took, and how many were on their way.
import { Section } from '../../../parts/page/page'
import { plain, say } from '../../../text/numbers'
import { columnsOf, highest, millisText, type Rows } from '../rows'
import { Seconds } from './seconds'

type Props = { title: string; step: number; last?: number; rows: Rows; length?: number }

export function Courses({ title, step, last = step, rows, length = 0 }: Props) {
  const columns = columnsOf(rows, step, last)
  const failed = columns.failed.some((value) => value > 0)
  const line = (label: string, token: string, values: readonly (number | null)[], dash?: string) => ({ label, token, step, last, values, dash })
  return (
    <Section title="Second by second">
      <Seconds
        title="Response times"
        summary={`from when each was due; p99 at worst ${millisText(highest([columns.p99]))}`}
        say={millisText}
        length={length}
        lines={[line('p99', 'series-2', columns.p99, '7 4'), line('p95', 'series-1', columns.p95), line('p50', 'series-4', columns.p50, '2 3')]}
      />
      <Seconds
        title="Requests"
        summary={`of ${title}, a second`}
        say={(value) => say('per_second', value)}
        length={length}
        lines={[
          line('sent', 'series-4', columns.sent, '7 4'),
          line('answered well', 'series-1', columns.good),
          ...(failed ? [line('failed', 'critical', columns.failed)] : []),
        ]}
      />
      <Seconds
        title="On their way"
        summary="asked, and not answered yet; what grows without end is more than the target bears"
        say={plain}
        length={length}
        lines={[line('in flight', 'series-1', columns.inFlight)]}
      />
    </Section>
  )
}
