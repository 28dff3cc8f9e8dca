// The one place that talks to the program: JSON in, JSON out, every failure with a kind and a request id.
import type { ErrorBody, ErrorKind } from './types'

export const API = '/api/plimsoll/v1'

/** How long an answer may take before the page gives up on it. Queries may run two minutes. */
const DEADLINE_MS = 125_000

export type FailureKind = ErrorKind | 'away' | 'token'

/** Why there is no answer, in a form a page can show. */
export class Failure extends Error {
  override readonly name = 'Failure'
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly help: string | null = null,
    readonly requestId: string | null = null,
  ) {
    super(message)
  }
}

export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('internal', error instanceof Error ? error.message : String(error))
}

type Listener = () => void
const tokenWanted = new Set<Listener>()

/** Calls back when an answer says that a token is needed. */
export function onTokenWanted(listener: Listener): () => void {
  tokenWanted.add(listener)
  return () => tokenWanted.delete(listener)
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, signal ? { signal } : {})) as T
}

/** Opens a session with a token; the program answers with a cookie. */
export async function openSession(token: string): Promise<void> {
  await ask(`${API}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
}

/** Sends something as JSON. */
export async function send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return (await ask(path, { method, ...sent, ...(signal ? { signal } : {}) })) as T
}

export async function ask(path: string, init: RequestInit): Promise<unknown> {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline
  let response: Response
  try {
    response = await fetch(path, { ...init, signal, credentials: 'same-origin' })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw deadline.aborted
      ? new Failure('away', 'the program did not answer in time')
      : new Failure('away', 'the program does not answer', 'is it running? Start it with: plimsoll serve')
  }
  const text = await response.text()
  if (response.ok) return parse(text, response)
  throw refused(response, text, path)
}

function parse(text: string, response: Response): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('internal', 'the answer is not JSON', null, idOf(response))
  }
}

function refused(response: Response, text: string, path: string): Failure {
  const body = errorBody(text)
  const needsToken = response.status === 401
  if (needsToken && !path.endsWith('/session')) for (const listener of tokenWanted) listener()
  if (typeof body === 'object' && body?.error && typeof body.error === 'object') {
    const { kind, message, help, request_id } = body.error
    return new Failure(needsToken ? 'token' : kind, message, help, request_id ?? idOf(response))
  }
  // Alertmanager's part says a text, the Prometheus part has its own shape.
  if (typeof body === 'string' && body !== '') return new Failure(kindOf(response.status), body, null, idOf(response))
  if (typeof body === 'object' && typeof body?.error === 'string') {
    return new Failure(kindOf(response.status), body.error, null, idOf(response))
  }
  return new Failure(kindOf(response.status), `the program answered with ${response.status}`, null, idOf(response))
}

function errorBody(text: string): Partial<ErrorBody> | { error: string } | string | null {
  try {
    return JSON.parse(text) as ErrorBody
  } catch {
    return null
  }
}

function idOf(response: Response): string | null {
  return response.headers.get('x-request-id')
}

function kindOf(status: number): FailureKind {
  if (status === 400 || status === 422) return 'invalid'
  if (status === 401) return 'token'
  if (status === 403) return 'denied'
  if (status === 404) return 'missing'
  if (status === 409) return 'conflict'
  if (status === 429 || status === 503) return 'busy'
  return status === 502 || status === 504 ? 'upstream' : 'internal'
}
