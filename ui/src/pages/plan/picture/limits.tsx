// What can limit a service, on one axis of load: each limit where its target is reached, with its interval.
import type { ServiceLimitView, ServiceView } from '../../../api/types'
import { percent, say, sayRange } from '../../../text/numbers'
import { at, ticks, type Scale } from '../../../chart/drawn/scale'
import style from './curve.module.css'
import { limitsInOrder } from '../services/standing'

export function Limits({ service }: { service: ServiceView }) {
  const { limits, load_unit, load_now, load_seen, line, title } = service
  // The first to bind lies in the middle; what lies far beyond is said, not drawn.
  const high = Math.max((line?.mid ?? 0) * 2, load_seen * 1.5, 1)
  const scale = { low: 0, high }
  return (
    <div class={style.limits}>
      <div class={style.axis} aria-hidden="true" hidden={line === null}>
        <span>Limit</span>
        <span class={style.scale}>
          {ticks(scale, 4).slice(0, -1).map((value) => (
            <span key={value} style={{ left: at(scale, value) }}>
              {say(load_unit, value)}
            </span>
          ))}
        </span>
        <span class={style.value}>Bears</span>
      </div>
      <ul aria-label={`What limits ${title}, the first to bind in front`}>
        {limitsInOrder(limits).map((limit, index) => (
          <Limit key={limit.name} limit={limit} first={index === 0} service={service} scale={scale} now={load_now} />
        ))}
      </ul>
    </div>
  )
}

type Props = { limit: ServiceLimitView; first: boolean; service: ServiceView; scale: Scale; now: number | null }

function Limit({ limit, first, service: { load_unit, binds }, scale, now }: Props) {
  const { title, line, why_not, guess } = limit
  if (line === null) {
    return (
      <li>
        <span class={style.who}>
          <b>{title}</b>
        </span>
        <span class={style.why}>{why_not ?? 'no load reaches its target'}</span>
      </li>
    )
  }
  const beyond = line.mid > scale.high
  return (
    <li class={first && limit.name === binds ? style.binding : undefined}>
      <span class={style.who}>
        <b>{title}</b>
        <span class={style.first}>{chanceText(limit.first)}</span>
      </span>
      <span class={style.track} aria-hidden="true">
        <i class={style.rest} />
        {now !== null && <i class={style.until} style={{ width: at(scale, now) }} />}
        {now !== null && <i class={style.loadNow} style={{ left: at(scale, now) }} />}
        {beyond ? (
          <span class={style.beyond}>beyond →</span>
        ) : (
          <>
            <i class={style.range} style={{ left: at(scale, line.low), right: line.high === null ? 0 : `calc(100% - ${at(scale, line.high)})` }} />
            <i class={style.here} style={{ left: at(scale, line.mid) }} />
          </>
        )}
      </span>
      <span class={style.value}>
        <b>{say(load_unit, line.mid)}</b>
        <span>
          {guess ? 'a guess' : line.high === null ? `${say(load_unit, line.low)} – open` : sayRange(load_unit, line.low, line.high)}
        </span>
      </span>
    </li>
  )
}

function chanceText(first: number): string {
  if (first >= 0.995) return 'binds first'
  if (first < 0.005) return 'does not bind first'
  return `binds first: ${percent(first)}`
}
