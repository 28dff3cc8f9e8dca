// @vitest-environment jsdom
import { cleanup, render, screen } from '@testing-library/preact'
import { afterEach, expect, test, vi } from 'vitest'

import { Failure } from '../../api/client'
import type { Asked } from '../../api/queries'
import { Empty, Face } from './face'

afterEach(cleanup)

const asked = (part: object) =>
  ({ data: undefined, error: null, isPlaceholderData: false, dataUpdatedAt: Date.now() - 42_000, refetch: vi.fn<() => void>(), ...part }) as unknown as Asked<string[]>

function show(part: object) {
  return render(
    <Face asked={asked(part)} what="things" empty={(data) => (data.length === 0 ? <Empty title="No things" command="make things" /> : null)}>
      {(data) => <p>{data.join(', ')}</p>}
    </Face>,
  )
}

test('loading says what is loading', () => {
  show({})
  expect(screen.getByText('Loading things')).toBeTruthy()
})

test('empty says why and what fills it', () => {
  show({ data: [] })
  expect(screen.getByText('No things')).toBeTruthy()
  expect(screen.getByText('make things')).toBeTruthy()
})

test('failed says what, which request, and offers another try', () => {
  const refetch = vi.fn<() => void>()
  show({ error: new Failure('internal', 'cannot read block 17', 'start again', 'r-17'), refetch })
  expect(screen.getByRole('alert').textContent).toContain('Cannot read block 17.')
  expect(screen.getByText('r-17')).toBeTruthy()
  screen.getByRole('button', { name: 'Again' }).click()
  expect(refetch).toHaveBeenCalledOnce()
})

test('a failed refresh keeps the old picture and says its age', () => {
  show({ data: ['disk'], error: new Failure('away', 'the program does not answer') })
  expect(screen.getByText('disk')).toBeTruthy()
  expect(screen.getByRole('status').textContent).toContain('From 42')
})
