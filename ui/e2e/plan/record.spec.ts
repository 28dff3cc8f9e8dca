import { expect, test, type Page } from '@playwright/test'

import { API, expectAccessible, expectNoSideways, someResource } from '../kit/parts'

const LEAD = { lead_ms: 86_400_000, scored: 480, error: 2e9, error_naive: 5e9, covered: 0.91, worst: 9e9 }

async function withRecord(page: Page, record: unknown): Promise<string> {
  const { id } = await someResource(page)
  await page.route(`${API}/resources/${id}`, async (route) => {
    const answer = (await (await route.fetch()).json()) as { forecast: object }
    await route.fulfill({ json: { ...answer, forecast: { ...answer.forecast, record } } })
  })
  return `/resources/${id}`
}

test('how forecasts have fared stands beside the next one, with a word on what held too rarely', async ({ page }) => {
  const path = await withRecord(page, {
    leads: [LEAD, { ...LEAD, lead_ms: 7 * LEAD.lead_ms, scored: 336, covered: 0.6, error_naive: 1e9 }],
    dates: { scored: 12, covered: 0.75, error: 0.08 },
  })
  await page.goto(path)
  const table = page.getByRole('region', { name: 'How forecasts have fared' })
  await expect(table.getByRole('row', { name: /^1 day/ })).toContainText('better than «as it was»')
  await expect(table.getByRole('row', { name: /^7 days/ })).toContainText('60 %')
  await expect(table.getByRole('row', { name: /^Date/ })).toContainText('8 % of the time that was left')
  await expectAccessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
})

test('before any forecast has had its time the page says how it will be', async ({ page }) => {
  await page.goto(await withRecord(page, { leads: [], dates: null }))
  await expect(page.getByText('No forecast has had its time yet')).toBeVisible()
})
