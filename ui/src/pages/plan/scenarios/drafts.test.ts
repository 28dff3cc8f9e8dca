import { expect, test } from 'vitest'

import { EXAMPLE, freeName, markedLine, readDrafts, writeDrafts } from './drafts'

test('drafts come back as they were written, and what is no draft is left out', () => {
  const kept = new Map<string, string>()
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
  expect(readDrafts(storage)).toEqual([])
  writeDrafts(storage, [EXAMPLE])
  expect(readDrafts(storage)).toEqual([EXAMPLE])
  kept.set('plimsoll.scenarios', '[{"name": 3}, null, {"name": "a.yaml", "text": ""}]')
  expect(readDrafts(storage)).toEqual([{ name: 'a.yaml', text: '' }])
  kept.set('plimsoll.scenarios', 'not JSON')
  expect(readDrafts(storage)).toEqual([])
})

test('a storage that is full takes nothing away', () => {
  const full = {
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError')
    },
  }
  expect(() => writeDrafts(full, [EXAMPLE])).not.toThrow()
})

test('names are told apart, and the marked line is found', () => {
  expect(freeName('q1.yaml', [])).toBe('q1.yaml')
  expect(freeName('q1.yaml', ['q1.yaml', 'q1-2.yaml'])).toBe('q1-3.yaml')
  expect(freeName('plan', ['plan'])).toBe('plan-2')
  expect(markedLine('error: a date outside\n --> scenario:9:12\n')).toBe(9)
  expect(markedLine('no place')).toBeNull()
})
