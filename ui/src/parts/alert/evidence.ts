// Where the evidence for an alert is: its resource, or its expression around the time it began.
import type { AlertView } from '../../api/types'
import { patched, writeWindow } from '../../address/window'
import { HOUR } from '../../text/time'

export function evidenceOf(alert: AlertView): { to: string } | null {
  if (alert.resource_id) return { to: `/resources/${encodeURIComponent(alert.resource_id)}` }
  if (!alert.expr) return null
  const window =
    alert.resolved_at === null
      ? writeWindow({ kind: 'moving', span: HOUR })
      : writeWindow({ kind: 'fixed', from: alert.active_at - HOUR, to: alert.resolved_at + HOUR })
  return { to: patched('/explore', {}, { query: alert.expr, ...window }) }
}

/** The page of one alert. */
export function pageOf(id: string): string {
  return `/alerts/${encodeURIComponent(id)}`
}
