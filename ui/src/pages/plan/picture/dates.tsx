// When something is reached, on a line of time that rows share: a bar for the interval, a tick for the likely day.
import type { ReachedView } from '../../../api/types'
import type { Mood } from '../../../parts/level'
import { at, dayTicks, type Scale } from '../../../chart/drawn/scale'
import style from './dates.module.css'

/** The months above the rows. */
export function DateAxis({ scale }: { scale: Scale }) {
  return (
    <div class={style.axis} aria-hidden="true">
      <span>today</span>
      {dayTicks({ ...scale, low: scale.low + (scale.high - scale.low) * 0.12 }, 4).map((tick) => (
        <span key={tick.at} style={{ left: at(scale, tick.at) }} data-late={tick.at > scale.low + (scale.high - scale.low) * 0.86}>
          {tick.text}
        </span>
      ))}
    </div>
  )
}

type Props = { reached: ReachedView; scale: Scale; mood: Mood; launches?: readonly { name: string; at: number }[] }

const NONE: readonly { name: string; at: number }[] = []

/** Beside words that say the same, so nobody has to see it. */
export function DateStrip({ reached: { earliest, likely, latest }, scale, mood, launches = NONE }: Props) {
  return (
    <div class={style.strip} aria-hidden="true">
      {dayTicks(scale, 4).map((tick) => (
        <i key={tick.at} class={style.grid} style={{ left: at(scale, tick.at) }} />
      ))}
      {earliest !== null && (
        <span
          class={style.range}
          data-mood={mood}
          data-open={latest === null}
          style={{ left: at(scale, earliest), right: latest === null ? 0 : `calc(100% - ${at(scale, latest)})` }}
        />
      )}
      {likely !== null && <span class={style.likely} data-mood={mood} style={{ left: at(scale, likely) }} />}
      {launches.map((launch) => (
        <span key={launch.name + launch.at} class={style.launch} title={launch.name} style={{ left: at(scale, launch.at) }} />
      ))}
    </div>
  )
}
