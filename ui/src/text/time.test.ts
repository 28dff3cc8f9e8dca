import { describe, expect, test } from 'vitest'

import { ago, DAY, HOUR, MINUTE, moment, parseSpan, saySpan, spanText } from './time'

const words = (text: string) => text.replaceAll('\u00a0', ' ')

describe('spans', () => {
  test('are read as PromQL writes them', () => {
    expect(parseSpan('1h30m')).toBe(90 * MINUTE)
    expect(parseSpan('250ms')).toBe(250)
    expect(parseSpan('2w')).toBe(14 * DAY)
    expect(parseSpan('1y')).toBe(365 * DAY)
  })

  test('that are none are refused', () => {
    for (const text of ['', 'soon', '5', '-5m', '1h ago', '0s', '99999999999999999999y']) expect(parseSpan(text)).toBeNull()
  })

  test.each(['1h30m', '15s', '250ms', '7d', '1d12h'])('%s is written as it was read', (text) => {
    expect(spanText(parseSpan(text) ?? 0)).toBe(text)
  })

  test('are said in their one or two largest parts', () => {
    expect(words(saySpan(47 * MINUTE))).toBe('47 min')
    expect(words(saySpan(3 * HOUR + 20 * MINUTE))).toBe('3 h 20 min')
    expect(words(saySpan(23 * HOUR + 20 * MINUTE))).toBe('23 h')
    expect(words(saySpan(12 * DAY))).toBe('12 days')
    expect(words(saySpan(DAY))).toBe('1 day')
  })
})

describe('moments', () => {
  const now = Date.UTC(2026, 10, 21, 12, 0)

  test('of today need no date', () => {
    expect(moment(Date.UTC(2026, 10, 21, 9, 5), now)).toBe('09:05')
    expect(moment(Date.UTC(2026, 10, 20, 9, 5), now)).toBe('20 Nov, 09:05')
    expect(moment(Date.UTC(2025, 0, 2, 9, 5), now)).toBe('2 Jan 2025, 09:05')
  })

  test('just past are just now', () => {
    expect(ago(now - 500, now)).toBe('just now')
    expect(words(ago(now - 90_000, now))).toBe('1 min ago')
  })
})
