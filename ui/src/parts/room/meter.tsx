// A share of a limit as a bar, with the lines drawn on it as on a hull.
import type { ReadingLevel, Thresholds } from '../../api/types'
import { percent } from '../../text/numbers'
import style from '../parts.module.css'

type Props = { share: number | null; level: ReadingLevel; thresholds?: Thresholds; label: string; tall?: boolean }

export function Meter({ share, level, thresholds, label, tall = false }: Props) {
  const known = share !== null && Number.isFinite(share)
  const held = known ? Math.min(1, Math.max(0, share)) : 0
  return (
    <div
      class={style.meter}
      data-tall={tall}
      data-known={known}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(held * 100) : 0}
      aria-valuetext={known ? percent(share) : 'unknown'}
    >
      <div class={style.fill} data-mood={level} style={{ width: `${held * 100}%` }} />
      {thresholds && (
        <>
          <Tick at={thresholds.warning} kind="warning" />
          <Tick at={thresholds.critical} kind="critical" />
        </>
      )}
    </div>
  )
}

function Tick({ at, kind }: { at: number; kind: 'warning' | 'critical' }) {
  return <span class={style.tick} data-kind={kind} style={{ left: `${at * 100}%` }} />
}
