import { expect, test } from 'vitest'

import { Chords } from './keys'

test('g waits for its letter, and not for ever', () => {
  const chords = new Chords()
  expect(chords.typed('g', 0)).toBeNull()
  expect(chords.typed('r', 500)).toBe('g r')
  expect(chords.typed('r', 600)).toBe('r')
  expect(chords.typed('g', 1_000)).toBeNull()
  expect(chords.typed('/', 9_000)).toBe('/')
})
