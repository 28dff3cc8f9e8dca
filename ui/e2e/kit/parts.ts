// What several specs need.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

export const API = '**/api/plimsoll/v1'

type Resource = { id: string; title: string; share: number | null }

/** A resource that has a reading. */
export async function someResource(page: Page): Promise<Resource> {
  const answer = await page.request.get('/api/plimsoll/v1/resources')
  const { resources } = (await answer.json()) as { resources: Resource[] }
  const found = resources.find(({ share }) => share !== null) ?? resources[0]
  if (!found) throw new Error('the program has no resource')
  return found
}

type Alert = { id: string; name: string; state: string; labels: Record<string, string> }

/** An alert of this name that fires; the rules of the settings see to it that there is one. */
export async function firing(page: Page, name: string, labels: Record<string, string> = {}): Promise<Alert> {
  let found: Alert | undefined
  await expect(async () => {
    const answer = await page.request.get('/api/plimsoll/v1/alerts')
    const { active } = (await answer.json()) as { active: Alert[] }
    found = active.find(
      (one) => one.name === name && one.state === 'firing' && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    )
    expect(found, `${name} does not fire`).toBeDefined()
  }).toPass({ timeout: 40_000 })
  if (!found) throw new Error(`${name} does not fire`)
  return found
}

/** Whether nothing in the page, or in a part of it, hinders anybody. */
export async function expectAccessible(page: Page, part = 'body'): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .include(part)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
  expect(found).toEqual([])
}

/** No part of the page lies beyond its right edge. */
export async function expectNoSideways(page: Page): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(beyond).toBeLessThanOrEqual(0)
}

/** What is touched is large enough, or far enough from the next. */
export async function expectThumbs(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withRules(['target-size']).analyze()
  expect(violations.flatMap(({ nodes }) => nodes.map(({ html }) => html.slice(0, 120)))).toEqual([])
}
