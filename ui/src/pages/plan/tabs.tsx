// The pages of planning, one beside the other.
import { useAddress } from '../../address/address'
import { useNow } from '../../shell/now'
import { MINUTE, momentFull } from '../../text/time'
import { PLAN_PAGES } from './pages'
import style from './plan.module.css'
import tabs from '../../parts/alert/tabs.module.css'

export function PlanTabs() {
  const { path } = useAddress()
  const now = useNow(MINUTE)
  return (
    <>
      <nav class={tabs.tabs} aria-label="Planning">
        {PLAN_PAGES.map(({ to, text }) => (
          <a key={to} href={to} aria-current={path === to ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      {/* What is on paper grows old. */}
      <span class={style.printed}>as of {momentFull(now)}</span>
    </>
  )
}
