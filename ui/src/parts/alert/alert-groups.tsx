// Alerts in their groups; a group of one is the alert itself.
import type { AlertView } from '../../api/types'
import { counted } from '../../text/numbers'
import { labelLine } from '../labels'
import { Word, type Mood } from '../level'
import { Sheet } from '../page'
import { AlertRow } from './alert-row'
import style from './alert-groups.module.css'
import { groupsOf, ownLabels, type Group } from './group'

type Props = { alerts: readonly AlertView[]; by: string; label: string; open?: string | undefined }

/** Larger groups are closed until somebody wants to see them. */
const OPEN_MAX = 6

export function AlertGroups({ alerts, by, label, open }: Props) {
  return (
    <Sheet>
      <ul aria-label={label}>
        {groupsOf(alerts, by).map((group) =>
          group.alerts.length === 1 && by === 'alertname' ? (
            group.alerts.map((alert) => <AlertRow key={alert.id} alert={alert} open={alert.id === open} />)
          ) : (
            <Several key={group.key} group={group} by={by} open={open} />
          ),
        )}
      </ul>
    </Sheet>
  )
}

function Several({ group, by, open }: { group: Group; by: string; open: string | undefined }) {
  const { alerts, title, common, worst } = group
  const has = alerts.some(({ id }) => id === open)
  const firing = alerts.every(({ state }) => state === 'firing')
  const mood: Mood = firing ? worst : 'pending'
  return (
    <li class={style.group} data-mood={mood}>
      <details open={has || alerts.length <= OPEN_MAX}>
        <summary>
          <Word mood={mood} word={firing ? worst : 'pending'} />
          <span class={style.title}>
            {title} <span class={style.common}>{labelLine(common, ['alertname', 'severity', by])}</span>
          </span>
          <span class={style.count}>{counted(alerts.length, 'alert')}</span>
        </summary>
        <ul aria-label={title}>
          {alerts.map((alert) => (
            <AlertRow
              key={`${alert.id}-${alert.active_at}`}
              alert={alert}
              open={alert.id === open}
              title={by === 'alertname' ? ownLabels(alert, group) || undefined : undefined}
            />
          ))}
        </ul>
      </details>
    </li>
  )
}
