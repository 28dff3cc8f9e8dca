import { expect, test } from 'vitest'

import { fulfils, matchersOf, matchersText, parseMatchers, SIGNS, signOf, withSign } from './matchers'

test('what is written is read again, whatever stands in it', () => {
  const labels = { alertname: 'DiskFull', path: 'C:\\"a", b}', note: 'two\nlines, {x=1}', host: 'db-1' }
  const matchers = matchersOf(labels)
  expect(matchers[0]?.name).toBe('alertname')
  expect(parseMatchers(matchersText(matchers))).toEqual(matchers)
})

test('every sign is read and written', () => {
  for (const { sign } of SIGNS) {
    const matcher = withSign({ name: 'host', value: 'db', isRegex: false, isEqual: true }, sign)
    expect(signOf(matcher)).toBe(sign)
    expect(parseMatchers(`host${sign}db`)).toEqual([matcher])
  }
})

test('what is not understood is no condition', () => {
  expect(parseMatchers('{host}')).toEqual([])
  expect(parseMatchers('{host="db')).toEqual([])
  expect(parseMatchers('')).toEqual([])
})

test('labels fulfil conditions as a whole', () => {
  expect(fulfils({ host: 'db-1' }, parseMatchers('{host=~"db-.*"}'))).toBe(true)
  expect(fulfils({ host: 'my-db-1' }, parseMatchers('{host=~"db-.*"}'))).toBe(false)
  expect(fulfils({}, parseMatchers('{host!="db"}'))).toBe(true)
  expect(fulfils({ host: 'x' }, [{ name: 'host', value: '(', isRegex: true, isEqual: true }])).toBe(false)
})
