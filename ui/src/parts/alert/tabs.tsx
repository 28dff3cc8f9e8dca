// From what is wrong to what is kept quiet, and back.
import { useAddress } from '../../address/address'
import { useSilences } from '../../api/silences'
import style from './tabs.module.css'

export function AlertTabs() {
  const { path } = useAddress()
  const active = useSilences().data?.silences.filter(({ state }) => state === 'active').length ?? 0
  const tabs = [
    { to: '/alerts', text: 'Alerts' },
    { to: '/silences', text: active > 0 ? `Silences ${active}` : 'Silences' },
  ]
  return (
    <nav class={style.tabs} aria-label="Alerts and silences">
      {tabs.map(({ to, text }) => (
        <a key={to} href={to} aria-current={path.startsWith(to) ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  )
}
