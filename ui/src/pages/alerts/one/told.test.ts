import { expect, test } from 'vitest'

import type { ToldView } from '../../../api/types'
import { receiversOf, whatCame } from './told'

const message = (receiver: string, at: number, state: string, error: string | null = null): ToldView => ({
  at,
  receiver,
  what: 'began',
  state,
  settled_at: null,
  attempts: null,
  next_try: null,
  error,
})

test('who does not know of an alert comes first, and one message that was taken is enough to know', () => {
  const receivers = receiversOf([
    message('desk', 9, 'sent'),
    message('chat', 8, 'waiting', 'it answered 503'),
    message('pager', 7, 'given_up', 'gone'),
    message('mail', 6, 'waiting'),
    message('chat', 5, 'sent'),
  ])
  expect(receivers.map(({ name, mood, reached }) => [name, mood, reached])).toEqual([
    ['pager', 'critical', false],
    ['chat', 'warning', true],
    ['mail', 'pending', false],
    ['desk', 'fine', true],
  ])
  expect(receivers[1]?.messages.map(({ at }) => at)).toEqual([8, 5])
})

test('a message that was refused says how often it was tried, and when it is tried next', () => {
  const waits = { ...message('chat', 0, 'waiting', 'it answered 503'), attempts: 3, next_try: 90_000 }
  expect(whatCame(waits, 60_000)).toBe('not accepted yet, 3\u00a0tries, next in 30\u00a0s: it answered 503')
  expect(whatCame(waits, 100_000)).toBe('not accepted yet, 3\u00a0tries, next now: it answered 503')
  expect(whatCame(message('chat', 0, 'waiting'), 0)).toBe('on its way')
})
