// From what is wrong to what is kept quiet, and back.
import { useAddress } from '../../address/address'
import { useSilences } from '../../api/silences'
import { Tabs } from '../page/tabs'

export function AlertTabs() {
  const { path } = useAddress()
  const active = useSilences().data?.silences.filter(({ state }) => state === 'active').length ?? 0
  const tabs = [
    { to: '/alerts', text: 'Alerts' },
    { to: '/silences', text: active > 0 ? `Silences ${active}` : 'Silences' },
  ]
  return <Tabs label="Alerts and silences" tabs={tabs.map(({ to, text }) => ({ to, text, here: path.startsWith(to) }))} />
}
