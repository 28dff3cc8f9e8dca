import { describe, expect, test } from 'vitest'

import { DAY, HOUR, MINUTE } from '../text/time'
import { bounds, parseMoment, patched, readWindow, shift, writeWindow, zoom, type Query, type Window } from './window'

const NOW = Date.UTC(2026, 10, 21, 12, 0)

function through(window: Window): Window {
  const patch = writeWindow(window)
  const query = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null)) as Query
  return readWindow(query, HOUR)
}

describe('a window', () => {
  test('comes back from the address as it went in', () => {
    for (const window of [
      { kind: 'moving', span: 6 * HOUR },
      { kind: 'moving', span: 7 * MINUTE + 30_000 },
      { kind: 'fixed', from: NOW - DAY, to: NOW },
    ] satisfies Window[]) {
      expect(through(window)).toEqual(window)
    }
  })

  test('of nonsense is the usual one', () => {
    for (const query of [{}, { range: 'x' }, { from: 'a', to: 'b' }, { from: '2026-01-02', to: '2026-01-01' }] as Query[]) {
      expect(readWindow(query, HOUR)).toEqual({ kind: 'moving', span: HOUR })
    }
  })

  test('is never wider than ten years nor narrower than a minute', () => {
    expect(readWindow({ range: '1s' }, HOUR)).toEqual({ kind: 'moving', span: MINUTE })
    expect(readWindow({ range: '900y' }, HOUR)).toEqual({ kind: 'moving', span: 3650 * DAY })
  })

  test('moved back and forth ends now again', () => {
    const back = shift({ kind: 'moving', span: HOUR }, -1, NOW)
    expect(back).toEqual({ kind: 'fixed', from: NOW - 1.5 * HOUR, to: NOW - 0.5 * HOUR })
    expect(shift(back, 1, NOW + 5_000)).toEqual({ kind: 'moving', span: HOUR })
  })

  test('zoomed keeps its middle, or its end if that is now', () => {
    expect(zoom({ kind: 'moving', span: 2 * HOUR }, 'in', NOW)).toEqual({ kind: 'moving', span: HOUR })
    const held: Window = { kind: 'fixed', from: NOW - 10 * HOUR, to: NOW - 8 * HOUR }
    expect(zoom(held, 'in', NOW)).toEqual({ kind: 'fixed', from: NOW - 9.5 * HOUR, to: NOW - 8.5 * HOUR })
    expect(zoom(zoom(held, 'in', NOW), 'out', NOW)).toEqual(held)
  })

  test('that moves ends now', () => {
    expect(bounds({ kind: 'moving', span: HOUR }, NOW)).toEqual({ from: NOW - HOUR, to: NOW })
  })
})

test('moments are read as numbers and as dates', () => {
  expect(parseMoment('1795262400000')).toBe(1_795_262_400_000)
  expect(parseMoment('2026-11-21T12:00:00Z')).toBe(NOW)
  expect(parseMoment('yesterday')).toBeNull()
  expect(parseMoment(undefined)).toBeNull()
})

test('an address keeps what is not changed and loses what is taken away', () => {
  expect(patched('/x', { a: '1', b: '2' }, { b: null, c: '3 4' })).toBe('/x?a=1&c=3+4')
  expect(patched('/x', { a: '1' }, { a: '' })).toBe('/x')
})
