import { expect, test } from 'vitest'

import type { ToldView } from '../../../api/types'
import { receiversOf } from './told'

const message = (receiver: string, at: number, state: string, error: string | null = null): ToldView => ({
  at,
  receiver,
  what: 'began',
  state,
  settled_at: null,
  attempts: null,
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
