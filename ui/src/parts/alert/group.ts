// Alerts that belong together: of one name, or with one value of a label.
import type { AlertView, Labels, Severity } from '../../api/types'

export type Group = {
  key: string
  title: string
  alerts: readonly AlertView[]
  /** Labels all of them have alike. */
  common: Labels
  worst: Severity
}

const WORST: Record<Severity, number> = { critical: 0, warning: 1, info: 2 }
/** Ways to group that are offered beside the name. */
const OFFERED_MAX = 4
/** Labels that say nothing about what belongs together, or say it already. */
const NO_GROUPS: ReadonlySet<string> = new Set(['alertname', 'severity'])

/** `by` is a label; `alertname` groups those without one by their name too. */
export function groupsOf(alerts: readonly AlertView[], by: string): Group[] {
  const groups = new Map<string, AlertView[]>()
  for (const alert of alerts) {
    const value = by === 'alertname' ? alert.name : (alert.labels[by] ?? '')
    const members = groups.get(value)
    if (members) members.push(alert)
    else groups.set(value, [alert])
  }
  return [...groups]
    .map(([value, members]) => ({
      key: value,
      title: by === 'alertname' ? value : value === '' ? `no ${by}` : `${by} ${value}`,
      alerts: members.toSorted(worstFirst),
      common: commonOf(members),
      worst: members.toSorted(worstFirst)[0]?.severity ?? 'info',
    }))
    .toSorted((one, other) => WORST[one.worst] - WORST[other.worst] || oldest(one) - oldest(other))
}

export function worstFirst(one: AlertView, other: AlertView): number {
  return WORST[one.severity] - WORST[other.severity] || one.active_at - other.active_at
}

function oldest({ alerts }: Group): number {
  return Math.min(...alerts.map(({ active_at }) => active_at))
}

function commonOf(alerts: readonly AlertView[]): Labels {
  const first = alerts[0]?.labels ?? {}
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => alerts.every(({ labels }) => labels[name] === value)))
}

/** Labels by which several alerts come together, those of the most alerts first. */
export function waysToGroup(alerts: readonly AlertView[]): string[] {
  const counts = new Map<string, Map<string, number>>()
  for (const { labels } of alerts) {
    for (const [name, value] of Object.entries(labels)) {
      if (NO_GROUPS.has(name)) continue
      const values = counts.get(name) ?? new Map<string, number>()
      values.set(value, (values.get(value) ?? 0) + 1)
      counts.set(name, values)
    }
  }
  return [...counts]
    .map(([name, values]) => {
      const shared = [...values.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0)
      return { name, shared, values: values.size }
    })
    // One value for all gathers nothing that a heading would tell apart.
    .filter(({ shared, values }) => shared > 1 && values > 1)
    .toSorted((one, other) => other.shared - one.shared || (one.name < other.name ? -1 : 1))
    .slice(0, OFFERED_MAX)
    .map(({ name }) => name)
}
