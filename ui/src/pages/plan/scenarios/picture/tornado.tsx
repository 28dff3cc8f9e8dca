// What sways an outcome most, the widest first: each uncertain thing from where it is low to where it is high.
import type { OutcomeView, Unit } from '../../../../api/types'
import { percent, say } from '../../../../text/numbers'
import { at } from '../../../../chart/drawn/scale'
import style from './fan.module.css'

/** `beside`: all that are shown; those of the same resource have one scale. */
type Props = { name: string; outcome: OutcomeView; beside: readonly OutcomeView[] }

const BARS_MAX = 8

export function Tornado({ name, outcome, beside }: Props) {
  const first = outcome.resources[0]
  const unit: Unit = first?.unit ?? 'count'
  const bars = outcome.tornado.slice(0, BARS_MAX)
  const alike = beside.filter(({ resources }) => resources[0]?.name === first?.name)
  const ends = alike.flatMap(({ tornado }) => tornado.slice(0, BARS_MAX).flatMap(({ low, high }) => [low, high]))
  const scale = { low: Math.min(...ends), high: Math.max(...ends) }
  const middle = first?.months.at(-1)?.demand.p50
  return (
    <section class={style.tornado} aria-label={`What sways ${name}`}>
      <h3>{beside.length > 1 ? `${outcome.name}: ${first?.title ?? ''}` : first?.title}</h3>
      {bars.length === 0 ? (
        <p class={style.what}>Nothing in it is uncertain.</p>
      ) : (
        <>
          <ul>
            {bars.map((bar) => (
              <li key={bar.name} title={`${say(unit, bar.low)} to ${say(unit, bar.high)}`}>
                <span class={style.what}>{bar.name}</span>
                <span class={style.track}>
                  {middle !== undefined && middle > scale.low && middle < scale.high && <i class={style.mid} style={{ left: at(scale, middle) }} />}
                  <i class={style.bar} style={{ left: at(scale, Math.min(bar.low, bar.high)), right: `calc(100% - ${at(scale, Math.max(bar.low, bar.high))})` }} />
                  <span class="unseen">
                    from {say(unit, bar.low)} to {say(unit, bar.high)}
                  </span>
                </span>
                <span>{percent(bar.share)}</span>
              </li>
            ))}
          </ul>
          <p class={style.ends} aria-hidden="true">
            <span>{say(unit, scale.low)}</span>
            <span>{say(unit, scale.high)}</span>
          </p>
        </>
      )}
    </section>
  )
}
