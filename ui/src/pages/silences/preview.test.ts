import { expect, test } from 'vitest'

import { settingsOf } from './preview'

test('conditions become a window of the settings, quoted as YAML wants it', () => {
  const text = settingsOf([{ name: 'team', value: "ada's", isRegex: false, isEqual: true }], " it's\nbusy ")
  expect(text).toContain(`matchers: ['team="ada''s"']`)
  expect(text).toContain("reason: 'it''s busy'")
  expect(settingsOf([], '')).toContain(`matchers: ['job="backup"']`)
})
