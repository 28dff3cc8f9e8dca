// Which requests cost the budget: values of labels that bad events share more often than events do.
import { useAddress } from '../../address/address'
import { useObjectiveCosts } from '../../api/objectives'
import type { CostLabelView, CostView, Labels } from '../../api/types'
import { Empty, Face } from '../../parts/face/face'
import { Choices } from '../../parts/filter'
import { Section } from '../../parts/page/page'
import { percent, plain } from '../../text/numbers'
import { telling } from './burned'
import style from './objectives.module.css'

const SPANS: readonly string[] = ['1h', '6h', '1d', '7d', '30d']

export function Costs({ name, exprs }: { name: string; exprs: Labels }) {
  const { query } = useAddress()
  const given = query['cost'] ?? ''
  const span = SPANS.includes(given) ? given : '1h'
  const asked = useObjectiveCosts(name, span)
  const idle = telling(exprs)
  const causes = (labels: readonly CostLabelView[]) => labels.filter(({ label }) => !idle.has(label))
  return (
    <Section
      title="What cost it"
      note="bad events by their labels; the mark is their part of all events"
      more={<Choices label="Over which time" field="cost" choices={SPANS.map((value) => ({ value: value === '1h' ? null : value, text: value }))} />}
    >
      <Face asked={asked} what="costs" rows={3} empty={({ labels }) => (causes(labels).length === 0 ? <Nothing span={span} /> : null)}>
        {({ labels }) => (
          <div class={style.costs}>
            {causes(labels).map((label) => (
              <Label key={label.label} label={label} />
            ))}
          </div>
        )}
      </Face>
    </Section>
  )
}

function Nothing({ span }: { span: string }) {
  return <Empty title={`No bad event with a label in ${span}`}>Labels that tell bad events from good ones stand here: a path, a version, an instance.</Empty>
}

function Label({ label: { label, values } }: { label: CostLabelView }) {
  return (
    <div class={style.cost}>
      <h3>{label}</h3>
      <ul aria-label={`Bad events by ${label}`}>
        {values.map((value) => (
          <Value key={value.value} cost={value} />
        ))}
      </ul>
    </div>
  )
}

function Value({ cost: { value, bad, events, share_of_bad, share_of_events } }: { cost: CostView }) {
  return (
    <li>
      <span class={style.value}>{value === '' ? 'none' : value}</span>
      <span class={style.share}>{percent(share_of_bad)}</span>
      <span class={style.parts} aria-hidden="true">
        <i style={{ width: `${Math.min(100, share_of_bad * 100)}%` }} />
        <b style={{ left: `${Math.min(100, share_of_events * 100)}%` }} />
      </span>
      <span class={style.of}>
        {plain(Math.round(bad))} bad of {plain(Math.round(events))}; {percent(share_of_events)} of all events
      </span>
    </li>
  )
}
