// Lines over the seconds of a load test, from its beginning: several of one run, or one of several runs.
import { useState } from 'preact/hooks'

import { Figure, type Twin } from '../../../chart/figure'
import { part, ticks } from '../../../chart/drawn/scale'
import { useWidth } from '../../../chart/drawn/width'
import { endOf, highest, secondsText, secondTicks, valueAt } from '../rows'
import drawn from '../../../chart/drawn/drawn.module.css'
import { Ruled } from '../../../chart/drawn/ruled'
import style from './seconds.module.css'

export type SecondsLine = {
  label: string
  token: string
  dash?: string | undefined
  /** How many seconds each place covers. */
  step: number
  /** And the last one, where it covers less. */
  last?: number
  values: readonly (number | null)[]
}

type Props = {
  title: string
  summary: string
  lines: readonly SecondsLine[]
  say: (value: number) => string
  /** As long as it is meant to last, so that what is to come has room. */
  length?: number
}

const HEIGHT = 220
const PAD = { left: 64, right: 14, top: 10, bottom: 24 }

export function Seconds({ title, summary, lines, say, length = 0 }: Props) {
  const [box, width] = useWidth(640)
  const [pointed, setPointed] = useState<number | null>(null)
  const last = Math.max(1, ...lines.map(endOf))
  const end = Math.max(last, length)
  const high = highest(lines.map(({ values }) => values)) * 1.08 || 1
  const x = (second: number) => PAD.left + (width - PAD.left - PAD.right) * part({ low: 0, high: end }, second)
  const y = (value: number) => PAD.top + (HEIGHT - PAD.top - PAD.bottom) * (1 - value / high)
  const at = Math.min(last, Math.max(1, pointed ?? last))

  const point = (event: PointerEvent & { currentTarget: Element }) => {
    const left = event.currentTarget.getBoundingClientRect().left
    setPointed(Math.round(((event.clientX - left - PAD.left) / (width - PAD.left - PAD.right)) * end))
  }
  const walk = (event: KeyboardEvent) => {
    const next: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 1, End: last }
    const to = next[event.key]
    if (to === undefined) return
    event.preventDefault()
    setPointed(Math.min(last, Math.max(1, to)))
  }
  const said = lines.map(({ label, ...line }) => {
    const value = valueAt(line, at)
    return { label, text: value === null ? '–' : say(value) }
  })

  return (
    <Figure title={title} summary={summary} twin={() => twinOf(lines, say, last)}>
      <div ref={box}>
        <div
          class={drawn.pad}
          role="slider"
          tabIndex={0}
          aria-label={`${title}. Arrow keys walk along it.`}
          aria-valuemin={1}
          aria-valuemax={Math.round(last)}
          aria-valuenow={Math.round(at)}
          aria-valuetext={`${secondsText(at)}: ${said.map(({ label, text }) => `${label} ${text}`).join(', ')}`}
          onKeyDown={walk}
          onBlur={() => setPointed(null)}
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        >
          <svg class={drawn.svg} width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
            <Ruled values={ticks({ low: 0, high }, 4)} y={y} from={PAD.left} to={width - PAD.right} say={say} />
            {secondTicks(end, Math.max(2, Math.floor(width / 110))).map((second) => (
              <text key={second} class={drawn.tick} x={x(second)} y={HEIGHT - 6} text-anchor={second === 0 ? 'start' : 'middle'}>
                {secondsText(second)}
              </text>
            ))}
            {lines.map((line) => (
              <path
                key={line.label}
                class={drawn.course}
                style={{ stroke: `var(--${line.token})` }}
                stroke-dasharray={line.dash}
                d={pathOf(line, x, y)}
              />
            ))}
            {pointed !== null && <path class={drawn.cross} d={`M${x(at)} ${PAD.top}V${HEIGHT - PAD.bottom}`} />}
          </svg>
        </div>
      </div>
      <ul class={drawn.legend} aria-label="Lines">
        <li class={style.at}>{pointed === null ? `last, ${secondsText(at)}` : secondsText(at)}</li>
        {lines.map((line, index) => (
          <li key={line.label}>
            <svg width="18" height="8" aria-hidden="true">
              <path d="M0 4h18" stroke={`var(--${line.token})`} stroke-width="2" stroke-dasharray={line.dash} />
            </svg>
            {line.label} <b>{said[index]?.text}</b>
          </li>
        ))}
      </ul>
    </Figure>
  )
}

type Place = (at: number) => number

/** Torn where nothing was measured. */
function pathOf(line: SecondsLine, x: Place, y: Place): string {
  const { step, values } = line
  let path = ''
  let torn = true
  for (const [index, value] of values.entries()) {
    if (value !== null) path += `${torn ? 'M' : 'L'}${x(Math.min((index + 1) * step, endOf(line))).toFixed(1)} ${y(value).toFixed(1)}`
    torn = value === null
  }
  return path
}

const TWIN_ROWS = 100

function twinOf(lines: readonly SecondsLine[], say: (value: number) => string, last: number): Twin {
  const step = Math.max(1, ...lines.map((line) => line.step), Math.ceil(last / TWIN_ROWS))
  const rows: string[][] = []
  for (let second = step; second < last + step; second += step) {
    rows.push([
      secondsText(Math.min(second, last)),
      ...lines.map((line) => {
        const value = valueAt(line, second)
        return value === null ? '–' : say(value)
      }),
    ])
  }
  return { head: ['After', ...lines.map(({ label }) => label)], rows }
}
