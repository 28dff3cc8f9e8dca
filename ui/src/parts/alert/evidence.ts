// Where the evidence for an alert is: its resource, or its expression around the time it began; and what made it.
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

/** What raised an alert, and where that stands. */
export type Maker = { word: string; to: string }

/** The rule, the objective, the resource or the part of the program that an alert comes from; nothing where no page has it. */
export function makerOf({ source, resource_id, annotations }: Pick<AlertView, 'source' | 'resource_id' | 'annotations'>): Maker | null {
  const [room = '', ...rest] = source.split('/')
  const name = rest.join('/')
  if (resource_id) return { word: 'The resource', to: `/resources/${encodeURIComponent(resource_id)}` }
  switch (room) {
    case 'objective':
      return { word: 'The objective', to: `/objectives/${encodeURIComponent(name)}` }
    case 'resource':
    case 'forecast':
      return { word: 'The resources', to: patched('/resources', {}, { find: name }) }
    case 'rule group':
      return { word: 'Its rules', to: patched('/rules', {}, { find: rest.at(-1) ?? '' }) }
    case 'channels':
          return { word: 'The receivers', to: '/status' }
    case 'heartbeats':
      return { word: 'The heartbeats', to: '/status' }
    case 'silences':
      return { word: 'The silences', to: '/silences' }
    case SENT: {
      const url = annotations[GENERATOR] ?? ''
      return /^https?:\/\//.test(url) ? { word: 'Its sender', to: url } : null
    }
    default:
      return { word: 'The rule', to: patched('/rules', {}, { source }) }
  }
}

/** The source of alerts that another program sends here. */
export const SENT = 'sent'
/** Where such an alert was made, as its sender says. */
export const GENERATOR = 'plimsoll_generator_url'
