import { describe, expect, test } from 'vitest'

import { accept, rank, spotAt, type Offer, type Want } from './complete'

/** The caret stands at the bar. */
function wanted(text: string): { want: Want; typed: string } {
  const caret = text.indexOf('|')
  const { want, typed } = spotAt(text.replace('|', ''), caret)
  return { want, typed }
}

describe('what is wanted at the caret', () => {
  test.each([
    ['node_c|', { kind: 'name' }, 'node_c'],
    ['sum(rate(node_c|[5m]))', { kind: 'name' }, 'node_c'],
    ['up{|}', { kind: 'label', metric: 'up' }, ''],
    ['up{jo|', { kind: 'label', metric: 'up' }, 'jo'],
    ['up{job="x", inst|', { kind: 'label', metric: 'up' }, 'inst'],
    ['up{job="no|', { kind: 'value', label: 'job', metric: 'up' }, 'no'],
    ['up{job=~"a|b"}', { kind: 'value', label: 'job', metric: 'up' }, 'a'],
    ['sum by (mo|) (x)', { kind: 'label', metric: null }, 'mo'],
    ['rate(x[5|', { kind: 'span' }, '5'],
    ['"te|', { kind: 'nothing' }, ''],
    ['1|', { kind: 'nothing' }, ''],
    ['x # up{|', { kind: 'nothing' }, ''],
  ] as const)('%s', (text, want, typed) => {
    expect(wanted(text)).toEqual({ want, typed })
  })

  test('a bracket inside a value is no bracket', () => {
    expect(wanted('up{job="a{b", x|').want).toEqual({ kind: 'label', metric: 'up' })
    expect(wanted('up{job="a\\"b", x|').want).toEqual({ kind: 'label', metric: 'up' })
  })
})

const offer = (text: string): Offer => ({ text, insert: text, note: '' })

test('beginnings come before parts, and parts before letters in order', () => {
  const offers = ['node_rate_limit', 'rate', 'irate', 'run_a_test_end', 'sum'].map(offer)
  expect(rank(offers, 'rate').map(({ text }) => text)).toEqual(['rate', 'node_rate_limit', 'irate', 'run_a_test_end'])
})

test('a taken offer replaces what was typed, and is not closed twice', () => {
  const text = 'sum(ra(x))'
  const spot = spotAt(text, 6)
  expect(accept(text, 6, spot, { text: 'rate', insert: 'rate(', note: '' })).toEqual({ text: 'sum(rate(x))', caret: 9 })
  const values = 'up{job="no"}'
  expect(accept(values, 10, spotAt(values, 10), { text: 'node', insert: 'node"', note: '' })).toEqual({
    text: 'up{job="node"}',
    caret: 13,
  })
})
