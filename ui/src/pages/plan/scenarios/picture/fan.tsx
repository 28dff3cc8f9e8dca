// Use by the month as scenarios draw it: the middle as a line, nine draws of ten in the band, and how much is meant to be used.
import type { OutcomeView, Unit } from '../../../../api/types'
import { Figure, type Twin } from '../../../../chart/figure'
import { say } from '../../../../text/numbers'
import { demandAt, monthsOf, monthText, resourceOf } from '../compare'
import { ticks } from '../../../../chart/drawn/scale'
import drawn from '../../../../chart/drawn/drawn.module.css'
import { Ruled } from '../../../../chart/drawn/ruled'
import style from './fan.module.css'
import { useWidth } from '../../../../chart/drawn/width'

type Props = {
  compared: readonly { name: string; outcome: OutcomeView }[]
  resource: string
  /** What was measured since, by month. */
  seen?: ReadonlyMap<number, number> | undefined
}

const NONE: ReadonlyMap<number, number> = new Map()

const HEIGHT = 260
const PAD = { right: 14, top: 12, bottom: 26 }
/** As wide as a digit is at most, with what stands between a figure and its line. */
const DIGIT = 7
const APART = 16

/** The colour of a scenario is its place. */
export function tokenOf(index: number): string {
  return `series-${(index % 6) + 1}`
}

const DASHES: readonly (string | undefined)[] = [undefined, '7 4', '2 3', '9 3 2 3']

export function Fan({ compared, resource, seen = NONE }: Props) {
  const [box, width] = useWidth(640)
  const months = monthsOf(compared.map(({ outcome }) => outcome))
  const found = compared.map(({ outcome }) => resourceOf(outcome, resource))
  const unit: Unit = found.find((own) => own)?.unit ?? 'count'
  const title = found.find((own) => own)?.title ?? resource
  const spreads = compared.map(({ outcome }) => months.map((month) => demandAt(outcome, resource, month)?.demand ?? null))
  const lines = [...new Set(found.flatMap((own) => (own ? [own.line] : [])))]
  const all = [...spreads.flat().flatMap((spread) => (spread ? [spread.p10, spread.p90] : [])), ...seen.values()]
  const high = Math.max(1e-9, ...all, ...lines) * 1.08
  const low = Math.min(...all, ...lines) > high * 0.5 ? Math.min(...all, ...lines) * 0.92 : 0
  const ruled = ticks({ low, high }, 5, unit === 'bytes')
  const left = APART + DIGIT * Math.max(3, ...ruled.map((value) => say(unit, value).length))
  const x = (at: number) => left + ((width - left - PAD.right) * at) / Math.max(1, months.length - 1)
  const y = (value: number) => PAD.top + (HEIGHT - PAD.top - PAD.bottom) * (1 - (value - low) / (high - low))
  const every = Math.ceil(months.length / Math.max(2, Math.floor((width - left) / 100)))

  return (
    <Figure title={title} summary={`${months.length} months; lines are the middle, bands hold eight draws of ten`} twin={() => twinOf({ compared, resource, seen }, months, unit)}>
      <div ref={box}>
        <svg class={drawn.svg} width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`Use of ${title} by the month. The table has the figures.`}>
          <Ruled values={ruled} y={y} from={left} to={width - PAD.right} say={(value) => say(unit, value)} />
          {months.map((month, at) =>
            at % every === 0 ? (
              <text key={month} class={drawn.tick} x={x(at)} y={HEIGHT - 8} text-anchor={at === 0 ? 'start' : at > months.length - 1 - every / 2 ? 'end' : 'middle'}>
                {monthText(month)}
              </text>
            ) : null,
          )}
          {spreads.map((own, index) => (
            <g key={compared[index]?.name} style={{ color: `var(--${tokenOf(index)})` }}>
              <path class={style.band} d={bandOf(own, x, y)} />
              <path class={style.middle} stroke-dasharray={DASHES[index % DASHES.length]} d={lineOf(own.map((spread) => spread?.p50 ?? null), x, y)} />
            </g>
          ))}
          {months.map((month, at) => (seen.has(month) ? <circle key={month} class={style.seen} cx={x(at)} cy={y(seen.get(month) ?? 0)} r={4} /> : null))}
          {lines.map((line) => (
            <g key={line}>
              <path class={style.target} d={`M${left} ${y(line)}H${width - PAD.right}`} />
              <text class={drawn.word} x={left + 6} y={y(line) - 5}>
                meant to be used: {say(unit, line)}
              </text>
            </g>
          ))}
        </svg>
      </div>
      <ul class={drawn.legend} aria-label="Scenarios">
        {compared.map(({ name, outcome }, index) => (
          <li key={name}>
            <svg width="20" height="8" aria-hidden="true">
              <path d="M0 4h20" stroke={`var(--${tokenOf(index)})`} stroke-width="2" stroke-dasharray={DASHES[index % DASHES.length]} />
            </svg>
            {outcome.name}
          </li>
        ))}
        {seen.size > 0 && (
          <li>
            <svg width="12" height="12" aria-hidden="true">
              <circle class={style.seen} cx="6" cy="6" r="4" />
            </svg>
            seen since
          </li>
        )}
      </ul>
    </Figure>
  )
}

type Place = (at: number) => number

function lineOf(values: readonly (number | null)[], x: Place, y: Place): string {
  let path = ''
  for (const [at, value] of values.entries()) {
    if (value === null) continue
    path += `${path === '' || values[at - 1] === null ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
  }
  return path
}

function bandOf(spreads: readonly ({ p10: number; p90: number } | null)[], x: Place, y: Place): string {
  const known = spreads.flatMap((spread, at) => (spread ? [{ at, ...spread }] : []))
  if (known.length === 0) return ''
  const point = (at: number, value: number) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`
  const upper = known.map(({ at, p90 }) => point(at, p90))
  const lower = known.toReversed().map(({ at, p10 }) => point(at, p10))
  return `M${[...upper, ...lower].join('L')}Z`
}

function twinOf({ compared, resource, seen = NONE }: Props, months: readonly number[], unit: Unit): Twin {
  const head = ['Month', ...compared.flatMap(({ outcome }) => [`${outcome.name}: P10`, 'P50', 'P90'].map((text, at) => (at === 0 ? text : `${outcome.name}: ${text}`)))]
  if (seen.size > 0) head.push('Seen')
  const rows = months.map((month) => [
    monthText(month),
    ...compared.flatMap(({ outcome }) => {
      const demand = demandAt(outcome, resource, month)?.demand
      return demand ? [say(unit, demand.p10), say(unit, demand.p50), say(unit, demand.p90)] : ['–', '–', '–']
    }),
    ...(seen.size > 0 ? [seen.has(month) ? say(unit, seen.get(month)) : '–'] : []),
  ])
  return { head, rows }
}
