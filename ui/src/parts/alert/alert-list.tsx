// Alerts on a sheet.
import type { AlertView } from '../../api/types'
import { AlertRow } from './alert-row'
import { Sheet } from '../page/page'

type Props = { alerts: readonly AlertView[]; label: string; open?: string | undefined }

export function AlertList({ alerts, label, open }: Props) {
  return (
    <Sheet>
      <ul aria-label={label}>
        {alerts.map((alert) => (
          <AlertRow key={`${alert.id}-${alert.active_at}`} alert={alert} open={alert.id === open} />
        ))}
      </ul>
    </Sheet>
  )
}
