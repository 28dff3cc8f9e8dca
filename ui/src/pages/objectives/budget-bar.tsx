// What is left of a budget: full while all is left, empty when nothing is.
import type { Mood } from '../../parts/level'
import { percent } from '../../text/numbers'
import style from '../../parts/parts.module.css'

type Props = { left: number | null; mood: Mood; label: string; tall?: boolean }

export function BudgetBar({ left, mood, label, tall = false }: Props) {
  const part = Math.min(1, Math.max(0, left ?? 0))
  return (
    <div
      class={style.meter}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part * 100)}
      aria-valuetext={left === null ? 'not known' : `${percent(left)} left`}
      data-known={left !== null}
      data-tall={tall}
    >
      {left !== null && <div class={style.fill} data-mood={mood} style={{ width: `${part * 100}%` }} />}
      {/* Below this line releases are warned. */}
      <span class={style.tick} data-kind="warning" style={{ left: '25%' }} />
    </div>
  )
}
