import { expect, test } from 'vitest'

import type { ForecastView, ResourceHistory } from '../../api/types'
import { DAY, HOUR } from '../../text/time'
import { columnsOf, spanFor } from './columns'

const thresholds = { notice: 0.75, warning: 0.8, alert: 0.85, critical: 0.95 }

const history: ResourceHistory = {
  from: 0,
  to: 40,
  step: 10,
  times: [0, 10, 20, 30, 40],
  used: [1, 2, 3, null, null],
  used_min: [1, 1, 2, null, null],
  used_max: [1, 3, 4, null, null],
  limit: [10, 10, 20, null, null],
}

const forecast: ForecastView = {
  kind: 'ready',
  from: 25,
  step: 10,
  confidence: 0.9,
  model: 'line',
  error_past: 1,
  trials: 3,
  points: [
    [45, 3, 4, 5],
    [55, 3, 5, 7],
    [65, 3, 6, 9],
  ],
  have_ms: 0,
  need_ms: 0,
  ready_at: null,
  notes: [],
  outlooks: [],
  record: { leads: [], dates: null },
}

test('the future begins where the past ends, and the lines go on', () => {
  const { times, values } = columnsOf(history, forecast, thresholds, 50)
  expect(times).toEqual([0, 10, 20, 45, 55])
  expect(values[0]).toEqual([1, 2, 3, null, null])
  expect(values[6]).toEqual([null, null, 3, 4, 5])
  expect(values[3]).toEqual([10, 10, 20, 20, 20])
  expect(values[4]).toEqual([8, 8, 16, 16, 16])
})

test('without a forecast the past stands as it is', () => {
  const { times, values } = columnsOf(history, { ...forecast, kind: 'too_little_history', points: [] }, thresholds, 50)
  expect(times).toEqual(history.times)
  expect(values[6]?.every((value) => value === null)).toBe(true)
})

test('every column has a value for every moment', () => {
  const { times, values } = columnsOf(history, forecast, thresholds, 100)
  expect(values.map((column) => column.length)).toEqual(values.map(() => times.length))
})

test('what is shown at first fits what there is', () => {
  expect(spanFor('flow', 3 * 60_000)).toBe(15 * 60_000)
  expect(spanFor('flow', 40 * DAY)).toBe(6 * HOUR)
  expect(spanFor('stock', 40 * DAY)).toBe(7 * DAY)
  expect(spanFor('stock', null)).toBe(HOUR)
})
