// The pages of planning, one beside the other.
import { useAddress } from '../../address/address'
import { Tabs } from '../../parts/page/tabs'
import { useNow } from '../../shell/now'
import { MINUTE, momentFull } from '../../text/time'
import { PLAN_PAGES } from './pages'
import style from './tabs.module.css'

export function PlanTabs() {
  const { path } = useAddress()
  const now = useNow(MINUTE)
  return (
    <>
      <Tabs label="Planning" tabs={PLAN_PAGES.map(({ to, text }) => ({ to, text, here: path === to }))} />
      {/* What is on paper grows old. */}
      <span class={style.printed}>as of {momentFull(now)}</span>
    </>
  )
}
