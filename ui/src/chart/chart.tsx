// A chart on a canvas, with the crosshair under the arrow keys, and a legend that says what stands under it.
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

import { useShownScheme } from '../shell/scheme'
import { momentFull } from '../text/time'
import style from './chart.module.css'
import { Legend } from './legend'
import { aligned, options, type Columns, type Picture } from './plot'

export type ChartProps = {
  picture: Picture
  columns: Columns
  window: { from: number; to: number }
  /** What it shows, for those who listen. */
  label: string
  onZoom: (from: number, to: number) => void
  legend?: boolean
}

const HEIGHT = 320
const HEIGHT_NARROW = 250
const NARROW = 560

export function Chart({ picture, columns, window, label, onZoom, legend = true }: ChartProps) {
  const [at, setAt] = useState<number | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const held = useRef({ picture, columns, window, onZoom })
  held.current = { picture, columns, window, onZoom }
  const scheme = useShownScheme()
  // A new plot only when the lines themselves change; new values go into the old one.
  const shape = JSON.stringify([picture.lines, picture.bands, picture.binary, picture.low, picture.high, scheme])

  useEffect(() => {
    const host = box.current
    if (!host) return
    const size = () => ({ width: host.clientWidth, height: host.clientWidth < NARROW ? HEIGHT_NARROW : HEIGHT })
    const live: Picture = new Proxy(picture, { get: (_old, name) => Reflect.get(held.current.picture, name) })
    const make = () => {
      plot.current?.destroy()
      plot.current = new uPlot(
        options(live, host, {
          size: size(),
          window: () => held.current.window,
          onPoint: setAt,
          onSelect: (from, to) => held.current.onZoom(from, to),
        }),
        aligned(held.current.columns),
        host,
      )
    }
    make()
    const watch = new ResizeObserver(() => plot.current?.setSize(size()))
    watch.observe(host)
    // A canvas keeps its colours; those of paper are others.
    addEventListener('beforeprint', make)
    addEventListener('afterprint', make)
    return () => {
      watch.disconnect()
      removeEventListener('beforeprint', make)
      removeEventListener('afterprint', make)
      plot.current?.destroy()
      plot.current = null
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- what else changes is read through `held`
  }, [shape])

  useEffect(() => plot.current?.setData(aligned(columns)), [columns, window.from, window.to])
  useEffect(() => plot.current?.redraw(false), [picture.marks, picture.began, picture.now])

  const { times } = columns
  const last = times.length - 1
  const index = at ?? lastKnown(columns)
  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: last }
    const next = steps[event.key]
    if (next === undefined || !plot.current) return
    event.preventDefault()
    const to = Math.min(last, Math.max(0, next))
    plot.current.setCursor({ left: plot.current.valToPos(times[to] ?? 0, 'x'), top: 0 })
    setAt(to)
  }

  return (
    <div class={style.chart}>
      <div
        ref={box}
        class={style.plot}
        role="slider"
        tabIndex={0}
        aria-label={`${label}. Arrow keys walk along it.`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={spoken(picture, columns, index)}
        onKeyDown={walk}
        onBlur={() => setAt(null)}
      />
      {legend && <Legend picture={picture} columns={columns} index={index} pointed={at !== null} />}
    </div>
  )
}

/** The latest moment at which the first line has a value. */
function lastKnown({ times, values }: Columns): number {
  const first = values[0] ?? []
  for (let index = times.length - 1; index >= 0; index -= 1) if (typeof first[index] === 'number') return index
  return Math.max(0, times.length - 1)
}

/** More than this many values are not read out; the table has them all. */
const SPOKEN_MAX = 8

function spoken({ lines, say, usual }: Picture, { times, values }: Columns, index: number): string {
  const at = times[index]
  if (at === undefined) return 'no samples'
  const parts: string[] = []
  for (const [line, { label, quiet }] of lines.entries()) {
    const value = values[line]?.[index]
    if (!quiet && typeof value === 'number') parts.push(`${label} ${say(value)}`)
  }
  const [low, high] = usual ? [values[usual.low]?.[index], values[usual.high]?.[index]] : []
  if (typeof low === 'number' && typeof high === 'number') parts.splice(SPOKEN_MAX - 1, 0, `usual ${say(low)} to ${say(high)}`)
  return `${momentFull(at)}: ${parts.slice(0, SPOKEN_MAX).join(', ') || 'no sample'}`
}
