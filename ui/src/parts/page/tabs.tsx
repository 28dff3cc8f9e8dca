// Pages that belong together, one beside the other.
import { useAddress } from '../../address/address'
import style from './tabs.module.css'

export type Tab = { to: string; text: string; here: boolean }

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const { path } = useAddress()
  return (
    <nav key={path} class={style.tabs} aria-label={label}>
      {tabs.map(({ to, text, here }) => (
        <a key={to} href={to} aria-current={here ? 'page' : undefined} ref={(own) => void (here && show(own))}>
          {text}
        </a>
      ))}
    </nav>
  )
}

/** On a narrow screen tabs are pushed aside: the one that is open lies in sight. */
function show(tab: HTMLElement | null): void {
  const row = tab?.parentElement
  if (tab && row) row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2
}
