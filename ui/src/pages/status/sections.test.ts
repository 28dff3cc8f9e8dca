import { expect, test } from 'vitest'

import { sectionsOf, type Fact } from './sections'

const words = (facts: Fact[] | undefined) => facts?.map(({ name, value }) => `${name}: ${value}`.replaceAll(/[\u00a0\u202f]/g, ' '))

test('what the program says of itself is said in words', () => {
  const [program, store] = sectionsOf({
    version: '0.1.0',
    uptime_ms: 90_000,
    memory_bytes: 1024 ** 2,
    store: { series: 1138, poisoned: null, bytes_on_disk: 2048 },
    troubles: [{ subject: 'rule x', error: 'no' }],
  })
  expect(words(program?.facts)).toEqual(['Version: 0.1.0', 'Running for: 1 min', 'Memory held: 1 MiB'])
  expect(words(store?.facts)).toEqual(['Series: 1 138', 'Refuses writes: no', 'On disk: 2 KiB'])
})
