import { expect, test } from 'vitest'

import { makerOf } from './evidence'

const made = (source: string, resource_id: string | null = null, annotations = {}) => makerOf({ source, resource_id, annotations })

test('every alert leads to what made it', () => {
  expect(made('shop/Slow{team="a/b"}')).toEqual({ word: 'The rule', to: '/rules?source=shop%2FSlow%7Bteam%3D%22a%2Fb%22%7D' })
  expect(made('objective/checkout errors')).toEqual({ word: 'The objective', to: '/objectives/checkout%20errors' })
  expect(made('resource/cpu', 'cpu-1')).toEqual({ word: 'The resource', to: '/resources/cpu-1' })
  expect(made('forecast/disk')).toEqual({ word: 'The resources', to: '/resources?find=disk' })
  expect(made('rule group/rules.yaml/hosts')).toEqual({ word: 'Its rules', to: '/rules?find=hosts' })
  expect(made('channels')?.to).toBe('/status')
  expect(made('silences')?.to).toBe('/silences')
})

test('an alert that was sent leads to its sender, if that is an address', () => {
  expect(made('sent', null, { plimsoll_generator_url: 'http://prometheus/graph' })?.to).toBe('http://prometheus/graph')
  expect(made('sent', null, { plimsoll_generator_url: 'javascript:alert(1)' })).toBeNull()
  expect(made('sent')).toBeNull()
})
