// Waits until the program has its first readings, so that no test depends on how long it has been running.
import type { FullConfig } from '@playwright/test'

const DEADLINE_MS = 60_000

export default async function ready(config: FullConfig): Promise<void> {
  const url = config.projects[0]?.use.baseURL
  const end = Date.now() + DEADLINE_MS
  let last = 'no answer'
  while (Date.now() < end) {
    try {
      const answer = await fetch(`${url}/api/plimsoll/v1/overview`)
      const body = (await answer.json()) as { resources?: { total: number } }
      if ((body.resources?.total ?? 0) > 0) return
      last = `${answer.status} with ${body.resources?.total ?? 'no'} resources`
    } catch (error) {
      last = String(error)
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`the program at ${url} has no readings after a minute: ${last}`)
}
