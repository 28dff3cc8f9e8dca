// Alerts in their groups; a group of one is the alert itself.
import { useState } from 'preact/hooks'

import type { AlertView } from '../../api/types'
import { counted, whole } from '../../text/numbers'
import { Button } from '../form/form'
import { labelLine } from '../labels'
import { Word, type Mood } from '../level'
import { Sheet } from '../page/page'
import { Since } from '../since'
import { AlertRow } from './alert-row'
import style from './alert-groups.module.css'
import { groupsOf, type Group } from './group'

type Props = { alerts: readonly AlertView[]; by: string; label: string; open?: string | undefined }

/** Larger groups are closed until somebody wants to see them. */
const OPEN_MAX = 6
/** So many groups, or alerts of one, are drawn until somebody asks for more. */
const DRAWN = 100

export function AlertGroups({ alerts, by, label, open }: Props) {
  const [drawn, setDrawn] = useState(DRAWN)
  const groups = groupsOf(alerts, by)
  return (
    <Sheet>
      <ul aria-label={label}>
        {groups.slice(0, drawn).map((group) =>
          group.alerts.length === 1 && by === 'alertname' ? (
            group.alerts.map((alert) => <AlertRow key={alert.id} alert={alert} open={alert.id === open} />)
          ) : (
            <Several key={group.key} group={group} by={by} open={open} />
          ),
        )}
      </ul>
      <Rest left={groups.length - drawn} one="group" onMore={() => setDrawn(drawn + DRAWN)} />
    </Sheet>
  )
}

function Rest({ left, one, onMore }: { left: number; one: string; onMore: () => void }) {
  if (left <= 0) return null
  return (
    <p class={style.rest}>
      <Button onPress={onMore}>Show {whole(Math.min(left, DRAWN))} more</Button>
      <span>{counted(left, one)} not shown; a word above narrows them.</span>
    </p>
  )
}

function Several({ group, by, open }: { group: Group; by: string; open: string | undefined }) {
  const { alerts, title, common, worst } = group
  const at = open === undefined ? -1 : alerts.findIndex(({ id }) => id === open)
  const [shown, setShown] = useState(at >= 0 || alerts.length <= OPEN_MAX)
  const [drawn, setDrawn] = useState(Math.max(DRAWN, at + 1))
  const firing = alerts.every(({ state }) => state === 'firing')
  const mood: Mood = firing ? worst : 'pending'
  const quiet = alerts.filter(({ quiet_because }) => quiet_because.length > 0).length
  // The heading says them; a group by another label does not say names.
  const known = Object.keys(common).filter((name) => by === 'alertname' || name !== 'alertname')
  const newest = Math.max(...alerts.map(({ fired_at, active_at }) => fired_at ?? active_at))
  return (
    <li class={style.group} data-mood={mood}>
      <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
        <summary>
          <Word mood={mood} word={firing ? worst : 'pending'} />
          <span class={style.title}>
            {title} <span class={style.common}>{labelLine(common, ['alertname', 'severity', by])}</span>
          </span>
          <span class={style.newest}>
            newest <Since at={newest} word="since" />
          </span>
          <span class={style.count}>
            {counted(alerts.length, 'alert')}
            {quiet > 0 && `, ${quiet === alerts.length ? 'all' : whole(quiet)} quiet`}
          </span>
        </summary>
        {shown && (
          <>
            <ul aria-label={title}>
              {alerts.slice(0, drawn).map((alert) => (
                <AlertRow key={`${alert.id}-${alert.active_at}`} alert={alert} open={alert.id === open} common={known} />
              ))}
            </ul>
            <Rest left={alerts.length - drawn} one="alert" onMore={() => setDrawn(drawn + DRAWN)} />
          </>
        )}
      </details>
    </li>
  )
}
