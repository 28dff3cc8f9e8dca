import { expect, test } from 'vitest'

import type { AlertView, Severity } from '../../api/types'
import { groupsOf, waysToGroup } from './group'

const alert = (name: string, severity: Severity, labels: Record<string, string>, active_at = 0) =>
  ({ id: `${name}${JSON.stringify(labels)}`, name, severity, active_at, labels: { alertname: name, ...labels } }) as unknown as AlertView

const ALERTS = [
  alert('Slow', 'warning', { host: 'a', job: 'api' }, 5),
  alert('Slow', 'critical', { host: 'b', job: 'api' }, 9),
  alert('Full', 'warning', { host: 'a', job: 'node' }, 1),
]

test('alerts of one name come together, the worst group first and the worst alert first in it', () => {
  const groups = groupsOf(ALERTS, 'alertname')
  expect(groups.map(({ title, alerts, worst }) => [title, alerts.length, worst])).toEqual([
    ['Slow', 2, 'critical'],
    ['Full', 1, 'warning'],
  ])
  expect(groups[0]?.alerts[0]?.labels['host']).toBe('b')
  expect(groups[0]?.common).toEqual({ alertname: 'Slow', job: 'api' })
})

test('a label groups too, and what has it not comes together as well', () => {
  const groups = groupsOf([...ALERTS, alert('Away', 'info', {})], 'host')
  expect(groups.map(({ title }) => title)).toEqual(['host b', 'host a', 'no host'])
})

test('only labels that bring some together and keep others apart are offered', () => {
  expect(waysToGroup(ALERTS)).toEqual(['host', 'job'])
  expect(waysToGroup(ALERTS.slice(0, 2))).toEqual([])
})
