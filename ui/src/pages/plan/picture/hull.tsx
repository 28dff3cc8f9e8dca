// Load against the load line, as on a hull: how deep it lies, where the line is, and how sure that is.
import type { RangeView } from '../../../api/types'
import type { Mood } from '../../../parts/level'
import { percent } from '../../../text/numbers'
import { at } from '../../../chart/drawn/scale'
import style from './hull.module.css'

type Props = { load: number | null; seen?: number; line: RangeView | null; mood: Mood; label: string; tall?: boolean }

/** So much of the picture lies beyond the line, so that what exceeds it has room. */
const BEYOND = 1.25

export function Hull({ load, seen = 0, line, mood, label, tall = false }: Props) {
  const share = line && load !== null && line.mid > 0 ? load / line.mid : null
  const scale = { low: 0, high: line ? Math.max(line.mid * BEYOND, load ?? 0) : Math.max(1, load ?? 1) }
  return (
    <div
      class={style.hull}
      data-tall={tall}
      data-known={share !== null}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={125}
      aria-valuenow={share === null ? 0 : Math.min(125, Math.round(share * 100))}
      aria-valuetext={share === null ? 'not known' : `${percent(share)} of what it carries`}
    >
      {share !== null && <span class={style.load} data-mood={mood} style={{ width: at(scale, load ?? 0) }} />}
      {line && seen > (load ?? 0) && <span class={style.seen} style={{ left: at(scale, seen) }} />}
      {line && (
        <>
          <span class={style.sure} style={{ left: at(scale, line.low), right: line.high === null ? 0 : `calc(100% - ${at(scale, line.high)})` }} />
          <span class={style.line} style={{ left: at(scale, line.mid) }} />
        </>
      )}
    </div>
  )
}
