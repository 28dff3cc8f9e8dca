import { afterEach, expect, test, vi } from 'vitest'

import { get, onTokenWanted, type Failure } from './client'

afterEach(() => vi.unstubAllGlobals())

function answering(status: number, body: string, headers: Record<string, string> = {}): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status, headers })))
}

async function failure(): Promise<Failure> {
  return get('/x').then(
    () => Promise.reject(new Error('it answered')),
    (error: Failure) => error,
  )
}

test('an error of ours keeps its kind, its help and its request', async () => {
  answering(404, JSON.stringify({ error: { kind: 'missing', message: 'no such thing', help: 'look', request_id: 'r-1' } }))
  expect(await failure()).toMatchObject({ kind: 'missing', message: 'no such thing', help: 'look', requestId: 'r-1' })
})

test('an error in the shape of Prometheus is read too', async () => {
  answering(400, JSON.stringify({ status: 'error', errorType: 'bad_data', error: '1:3: parse error' }), { 'x-request-id': 'r-2' })
  expect(await failure()).toMatchObject({ kind: 'invalid', message: '1:3: parse error', requestId: 'r-2' })
})

test('an answer that is no JSON is a mistake of the program, not of the page', async () => {
  answering(200, '<html>')
  expect(await failure()).toMatchObject({ kind: 'internal' })
  answering(502, '<html>')
  expect(await failure()).toMatchObject({ kind: 'upstream' })
})

test('no answer is said as that', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed to fetch')))
  expect(await failure()).toMatchObject({ kind: 'away' })
})

test('a wanted token is told of', async () => {
  const told = vi.fn<() => void>()
  const stop = onTokenWanted(told)
  answering(401, '')
  expect(await failure()).toMatchObject({ kind: 'token' })
  expect(told).toHaveBeenCalledOnce()
  stop()
})
