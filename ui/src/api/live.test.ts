import { expect, test } from 'vitest'

import { MISSED_MAX, POLL_MS, Watch } from './live'

/** Late enough that nothing lies before 1970. */
const NOW = 10 * POLL_MS

test('a stream that speaks is live, a lost one is polled', () => {
  const watch = new Watch()
  expect(watch.connection().state).toBe('polling')
  watch.streamSpoke(NOW)
  expect(watch.connection().state).toBe('live')
  watch.streamLost()
  expect(watch.connection().state).toBe('polling')
})

test('two missed refreshes are stale, one answer ends that', () => {
  const watch = new Watch()
  watch.answered(NOW)
  watch.refreshMissed(NOW + POLL_MS)
  watch.refreshMissed(NOW + POLL_MS + 1)
  expect(watch.connection().state).toBe('polling')
  for (let missed = 1; missed < MISSED_MAX; missed += 1) watch.refreshMissed(NOW + (missed + 1) * POLL_MS)
  expect(watch.connection()).toEqual({ state: 'stale', answeredAt: NOW })
  watch.answered(NOW + 9 * POLL_MS)
  expect(watch.connection()).toEqual({ state: 'polling', answeredAt: NOW + 9 * POLL_MS })
})

test('news that cannot be fetched does not make what is shown fresh', () => {
  const watch = new Watch()
  watch.streamSpoke(NOW)
  for (let missed = 1; missed <= MISSED_MAX; missed += 1) {
    watch.refreshMissed(NOW + missed * POLL_MS)
    watch.streamSpoke(NOW + missed * POLL_MS + 1)
  }
  expect(watch.connection().state).toBe('stale')
})

test('nothing is asked for while the stream tells of changes', () => {
  const watch = new Watch()
  expect(watch.shouldAsk(NOW)).toBe(true)
  watch.streamSpoke(NOW)
  expect(watch.shouldAsk(NOW + POLL_MS - 1)).toBe(false)
  expect(watch.shouldAsk(NOW + POLL_MS)).toBe(true)
})
