import { expect, test } from '@playwright/test'

import { API, someResource } from './kit/parts'

test('the first page answers in order: wrong, room, changed, evidence', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).not.toBeEmpty()
  const headings = page.locator('main').getByRole('heading', { level: 2 })
  await expect(headings).toHaveText(['Room left', 'What changed', 'Evidence'])
  await expect(page.getByRole('list', { name: 'Resources with the least room' }).getByRole('link').first()).toBeVisible()
  await expect(page.getByText('Targets that answer')).toBeVisible()
})

test('evidence is a click away', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('list', { name: 'Resources with the least room' }).getByRole('link').first().click()
  await expect(page).toHaveURL(/\/resources\/.+/)
  await expect(page.getByRole('heading', { name: 'History and forecast' })).toBeVisible()
})

test('what changes is shown without a reload', async ({ page }) => {
  let said: string | null = null
  await page.route(`${API}/overview`, async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { verdict: { text: string } }
    if (said !== null) body.verdict.text = said
    await route.fulfill({ response, json: body })
  })
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Room left' })).toBeVisible()
  await page.evaluate(() => Object.assign(globalThis, { kept: true }))
  said = 'Something has become different'
  await expect(page.getByRole('heading', { level: 1, name: said })).toBeVisible({ timeout: 30_000 })
  expect(await page.evaluate(() => 'kept' in globalThis)).toBe(true)
})

test('the program itself tells of changes', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 30_000 })
})

test('a resource shows its chart and the chart has a table twin', async ({ page }) => {
  const { id, title } = await someResource(page)
  await page.goto(`/resources/${encodeURIComponent(id)}?range=1h`)
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  await expect(page.locator('figure canvas')).toBeVisible()
  const chart = page.getByRole('slider')
  await chart.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowLeft')
  await expect(chart).toHaveAttribute('aria-valuetext', /\d{4}, \d\d:\d\d:\d\d: /)
  await page.getByRole('button', { name: 'As table' }).click()
  await expect(page).toHaveURL(/view=table/)
  await expect(page.getByRole('region', { name: /as a table/ }).getByRole('row').nth(1)).toBeVisible()
})

test('targets name this host and say how to add one', async ({ page }) => {
  await page.goto('/targets')
  await expect(page.getByText('this host, read directly')).toBeVisible()
  await expect(page.getByText('scrape_configs:')).toBeVisible()
})
