import { expect, test } from '@playwright/test'

import { API, expectAccessible } from './kit/parts'

const broken = {
  status: 500,
  json: { error: { kind: 'internal', message: 'cannot read block 17', help: 'start it again', request_id: 'r-17' } },
}

test('failed: what, the request, and again', async ({ page }) => {
  let fails = true
  await page.route(`${API}/resources`, (route) => (fails ? route.fulfill(broken) : route.fallback()))
  await page.goto('/resources')
  await expect(page.getByText('Cannot read block 17.')).toBeVisible()
  await expect(page.getByText('r-17')).toBeVisible()
  await expectAccessible(page)
  fails = false
  await page.locator('main').getByRole('button', { name: 'Again' }).last().click()
  await expect(page.getByRole('list', { name: /Resources/ }).first()).toBeVisible()
})

test('empty: why, and the command that fills it', async ({ page }) => {
  await page.route(`${API}/resources`, (route) => route.fulfill({ json: { at: Date.now(), resources: [], troubles: [] } }))
  await page.goto('/resources')
  await expect(page.getByText('No resource has a reading yet')).toBeVisible()
  await expect(page.getByText('plimsoll check')).toBeVisible()
  await expectAccessible(page)
})

test('loading: a skeleton the first time only', async ({ page }) => {
  // News may make the page ask again meanwhile: whatever it asks waits, and is answered then.
  const gate: { open?: () => void } = {}
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  await page.route(`${API}/targets`, async (route) => {
    await opened
    await route.fallback().catch(() => undefined)
  })
  await page.goto('/targets')
  await expect(page.getByText('Loading targets')).toBeAttached()
  gate.open?.()
  await expect(page.getByText('Loading targets')).toHaveCount(0)
})

test('stale: the old picture stays, dimmed, and the top says so', async ({ page }) => {
  let fails = false
  await page.route(`${API}/**`, (route) => (fails ? route.abort() : route.fallback()))
  await page.goto('/resources')
  const list = page.getByRole('list', { name: /Resources/ }).first()
  await expect(list).toBeVisible()
  fails = true
  await expect(page.getByText('Stale', { exact: true }).first()).toBeVisible({ timeout: 40_000 })
  await expect(page.getByText(/No answer since/)).toBeVisible()
  await expect(list).toBeVisible()
})

test('a token is asked for once', async ({ page }) => {
  let locked = true
  await page.route(`${API}/**`, (route) => {
    if (route.request().url().endsWith('/session')) {
      locked = false
      return route.fulfill({ status: 204 })
    }
    const denied = { error: { kind: 'denied', message: 'a token is needed', help: null, request_id: 'r-1' } }
    return locked ? route.fulfill({ status: 401, json: denied }) : route.fallback()
  })
  await page.goto('/resources')
  await expectAccessible(page)
  await page.getByLabel('Token').fill('secret')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Resources' })).toBeVisible()
})
