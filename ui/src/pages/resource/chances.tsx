// How likely each line is reached by a day: what stands behind its date.
import type { ForecastOutlook, ResourceDetail } from '../../api/types'
import { dayTicks, part, ticks } from '../../chart/drawn/scale'
import { useWidth } from '../../chart/drawn/width'
import { Figure, type Twin } from '../../chart/figure'
import { percent } from '../../text/numbers'
import { useNow } from '../../shell/now'
import { dateOnly, MINUTE } from '../../text/time'
import drawn from '../../chart/drawn/drawn.module.css'
import { Ruled } from '../../chart/drawn/ruled'

const HEIGHT = 170
const PAD = { left: 52, right: 14, top: 10, bottom: 24 }
/** Told apart by more than colour. */
const LINES = { warning: { token: 'warning', dash: '2 3' }, critical: { token: 'critical', dash: undefined }, limit: { token: 'ink', dash: '7 4' } } as const

/** Nothing where no line is likely to be reached, or all are sure to be. */
export function Chances({ resource: { title, forecast } }: { resource: ResourceDetail }) {
  const [box, width] = useWidth(640)
  const now = useNow(MINUTE)
  const told = forecast.outlooks.filter(({ chances }) => chances.some(([, chance]) => chance >= 0.01) && chances.some(([, chance]) => chance < 0.995))
  const ends = told.flatMap(({ chances }) => chances.map(([at]) => at))
  if (told.length === 0) return null
  const scale = { low: Math.min(...ends), high: Math.max(...ends) }
  const x = (at: number) => PAD.left + (width - PAD.left - PAD.right) * part(scale, at)
  const y = (chance: number) => PAD.top + (HEIGHT - PAD.top - PAD.bottom) * (1 - chance)
  return (
    <Figure title="How likely by when" summary={summaryOf(told, now)} twin={() => twinOf(told, now)}>
      <div ref={box}>
        <svg class={drawn.svg} width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`How likely the lines of ${title} are reached by when. The table has the figures.`}>
          <Ruled values={ticks({ low: 0, high: 1 }, 4)} y={y} from={PAD.left} to={width - PAD.right} say={(value) => percent(value)} />
          {dayTicks(scale, Math.max(2, Math.floor(width / 110))).map((tick) => (
            <text key={tick.at} class={drawn.tick} x={x(tick.at)} y={HEIGHT - 6} text-anchor={x(tick.at) > width - 40 ? 'end' : x(tick.at) < PAD.left + 20 ? 'start' : 'middle'}>
              {tick.text}
            </text>
          ))}
          {told.map(({ line, chances }) => (
            <path
              key={line}
              class={drawn.course}
              style={{ stroke: `var(--${LINES[line].token})` }}
              stroke-dasharray={LINES[line].dash}
              d={chances.map(([at, chance], index) => `${index === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(chance).toFixed(1)}`).join('')}
            />
          ))}
        </svg>
      </div>
      <ul class={drawn.legend} aria-label="Lines">
        {told.map(({ line, share }) => (
          <li key={line}>
            <svg width="20" height="8" aria-hidden="true">
              <path d="M0 4h20" stroke={`var(--${LINES[line].token})`} stroke-width="2" stroke-dasharray={LINES[line].dash} />
            </svg>
            {line}, {percent(share)} used
          </li>
        ))}
      </ul>
    </Figure>
  )
}

function summaryOf(told: readonly ForecastOutlook[], now: number): string {
  const words = told.map(({ line, chances }) => {
    const last = chances.at(-1)
    return last ? `${line} ${percent(Math.round(last[1] * 100) / 100)} by ${dateOnly(last[0], now)}` : ''
  })
  return words.filter(Boolean).join(', ')
}

function twinOf(told: readonly ForecastOutlook[], now: number): Twin {
  const days = told[0]?.chances.map(([at]) => at) ?? []
  const rows = days.map((at, row) => [dateOnly(at, now)].concat(told.map((own) => chanceAt(own, row))))
  return { head: ['By', ...told.map(({ line }) => line)], rows }
}

function chanceAt({ chances }: ForecastOutlook, row: number): string {
  const found = chances[row]
  return found ? percent(Math.round(found[1] * 100) / 100) : '–'
}
