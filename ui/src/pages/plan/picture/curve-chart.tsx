// How the use of one thing follows load: what was recorded and what load tests showed as points, the curve through them,
// its target, and where the two meet, which is the load line.
import { useState } from 'preact/hooks'

import type { ServiceLimitView, Unit } from '../../../api/types'
import { percent, say } from '../../../text/numbers'
import { curveFrame, usedAt } from './curve'
import { ticks } from '../../../chart/drawn/scale'
import drawn from '../../../chart/drawn/drawn.module.css'
import { Ruled } from '../../../chart/drawn/ruled'
import style from './curve.module.css'
import { useWidth } from '../../../chart/drawn/width'

type Props = { limit: ServiceLimitView; loadUnit: Unit; now: number | null; seen: number }

const HEIGHT = 230
const PAD = { left: 62, right: 14, top: 16, bottom: 26 }
const WALK = 40

export function Curve({ limit, loadUnit, now, seen }: Props) {
  const [box, width] = useWidth(480)
  const [pointed, setPointed] = useState<number | null>(null)
  const frame = curveFrame(limit, { now, seen })
  const inner = { width: width - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom }
  const x = (load: number) => PAD.left + (inner.width * load) / frame.load
  const y = (used: number) => PAD.top + inner.height * (1 - used / frame.used)
  const load = pointed ?? now ?? seen
  const target = limit.limit === null ? null : limit.limit * limit.target
  const within = (value: number | null | undefined): value is number => typeof value === 'number' && value <= frame.load

  const point = (event: PointerEvent & { currentTarget: Element }) => {
    const left = event.currentTarget.getBoundingClientRect().left
    setPointed(Math.min(frame.load, Math.max(0, ((event.clientX - left - PAD.left) / inner.width) * frame.load)))
  }
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step) return
    event.preventDefault()
    setPointed(Math.min(frame.load, Math.max(0, load + (step * frame.load) / WALK)))
  }
  const said = readout(limit, loadUnit, load)

  return (
    <div ref={box} class={style.box}>
      <div
        role="slider"
        tabIndex={0}
        class={drawn.pad}
        aria-label={`${limit.title} over load. Arrow keys walk along it.`}
        aria-valuemin={0}
        aria-valuemax={Math.round(frame.load)}
        aria-valuenow={Math.round(load)}
        aria-valuetext={said}
        onKeyDown={walk}
        onBlur={() => setPointed(null)}
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
      >
        <svg class={drawn.svg} width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
          <Ruled
            values={ticks({ low: 0, high: frame.used }, 4, limit.unit === 'bytes')}
            y={y}
            from={PAD.left}
            to={width - PAD.right}
            say={(value) => say(limit.unit, value)}
          />
          {ticks({ low: 0, high: frame.load }, width < 420 ? 3 : 5).map((value) => (
            <text key={value} class={drawn.tick} x={x(value)} y={HEIGHT - 8} text-anchor={value === 0 ? 'start' : x(value) > width - 24 ? 'end' : 'middle'}>
              {say(loadUnit, value)}
            </text>
          ))}
          {within(limit.line?.mid) && limit.line && (
            <rect
              class={style.sure}
              x={x(limit.line.low)}
              width={Math.max(2, x(Math.min(frame.load, limit.line.high ?? frame.load)) - x(limit.line.low))}
              y={PAD.top}
              height={inner.height}
            />
          )}
          {/* Lines of no length with round ends: one path for all points. */}
          <path class={style.point} d={limit.points.map(([at, used]) => `M${x(at).toFixed(1)} ${y(Math.min(frame.used, used)).toFixed(1)}h0`).join('')} />
          <path class={style.tested} d={limit.points_tested.map(([at, used]) => diamond(x(at), y(Math.min(frame.used, used)))).join('')} />
          <path class={style.curve} d={pathOf(limit.curve.filter(([, used]) => used <= frame.used), x, y)} />
          {target !== null && target <= frame.used && (
            <>
              <path class={style.target} d={`M${PAD.left} ${y(target)}H${width - PAD.right}`} />
              <text class={drawn.word} x={PAD.left + 6} y={y(target) - 5}>
                {limit.target === 1 ? `promised: ${say(limit.unit, target)}` : `${percent(limit.target)} of ${say(limit.unit, limit.limit)}`}
              </text>
            </>
          )}
          {within(now) && <path class={style.now} d={`M${x(now)} ${PAD.top}V${HEIGHT - PAD.bottom}`} />}
          {within(now) && (
            <text class={drawn.word} x={x(now)} y={PAD.top - 5} text-anchor="middle">
              now
            </text>
          )}
          {within(limit.line?.mid) && (
            <>
              <path class={style.line} d={`M${x(limit.line?.mid ?? 0)} ${PAD.top}V${HEIGHT - PAD.bottom}`} />
              <text
                class={style.mark}
                x={x(limit.line?.mid ?? 0)}
                y={HEIGHT - PAD.bottom - 6}
                dx={-5}
                text-anchor="end"
              >
                {say(loadUnit, limit.line?.mid)}
              </text>
            </>
          )}
          {pointed !== null && <path class={drawn.cross} d={`M${x(pointed)} ${PAD.top}V${HEIGHT - PAD.bottom}`} />}
        </svg>
      </div>
      <p class={style.readout}>
        {said}
        {limit.points_tested.length > 0 && (
          <span class={style.kinds}>
            {limit.points.length > 0 && (
              <span>
                <Sample class={style.point} d="M6 6h0" /> recorded
              </span>
            )}
            <span>
              <Sample class={style.tested} d={diamond(6, 6)} /> load test
            </span>
          </span>
        )}
      </p>
    </div>
  )
}

function Sample({ class: kind, d }: { class: string | undefined; d: string }) {
  return (
    <svg width="12" height="12" aria-hidden="true">
      <path class={kind} d={d} />
    </svg>
  )
}

/** What was tested has a shape of its own. */
function diamond(x: number, y: number): string {
  return `M${x.toFixed(1)} ${(y - 4).toFixed(1)}l4 4l-4 4l-4-4z`
}

function readout(limit: ServiceLimitView, loadUnit: Unit, load: number): string {
  const used = usedAt(limit.curve, load)
  if (used === null) return `at ${say(loadUnit, load)}: beyond what is drawn`
  const share = limit.limit === null ? '' : `, ${percent(used / limit.limit)} of ${say(limit.unit, limit.limit)}`
  return `at ${say(loadUnit, load)}: ${say(limit.unit, used)}${share}`
}

function pathOf(points: readonly (readonly [number, number])[], x: (at: number) => number, y: (at: number) => number): string {
  return points.map(([load, used], index) => `${index === 0 ? 'M' : 'L'}${x(load).toFixed(1)} ${y(used).toFixed(1)}`).join('')
}
