// The pages of planning, one beside the other.
import { useAddress } from '../../address/address'
import { Printed } from '../../parts/page/page'
import { Tabs } from '../../parts/page/tabs'
import { PLAN_PAGES } from './pages'

export function PlanTabs() {
  const { path } = useAddress()
  return (
    <>
      <Tabs label="Planning" tabs={PLAN_PAGES.map(({ to, text }) => ({ to, text, here: path === to }))} />
      <Printed />
    </>
  )
}
