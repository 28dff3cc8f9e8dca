import { expect, test } from '@playwright/test'

import { API, expectAccessible, expectNoSideways, expectThumbs } from '../kit/parts'

test('services say what they carry, what limits them, until when and what to do next', async ({ page }) => {
  await page.goto('/capacity')
  const rows = page.getByRole('list', { name: 'Services, the first to be reached in front' }).getByRole('listitem').filter({ has: page.getByRole('meter') })
  const shop = rows.filter({ hasText: 'Shop' })
  await expect(shop).toContainText('Carries 66')
  await expect(shop).toContainText('limited by database connections')
  await expect(shop).toContainText('pool 100 → 150, +')
  await expect(shop).toContainText('if the Q1 launch happens')
  await expect(rows.filter({ hasText: 'Archive' })).toContainText('tape drives: no point in common')
  await expect(page.getByRole('heading', { name: 'Resources without a service' })).toBeVisible()
  await page.getByRole('link', { name: /not known 1/ }).click()
  await expect(rows).toHaveCount(1)
  await expect(page).toHaveURL(/state=not/)
})

test('one service shows its limits, their curves, its dates and what next', async ({ page }) => {
  await page.goto('/capacity')
  await page.getByRole('link', { name: 'Shop' }).click()
  await expect(page).toHaveURL(/\/capacity\/services\/shop/)
  await expect(page.getByText(/Carries 66\d/)).toBeVisible()
  await expect(page.getByRole('list', { name: /What limits Shop/ }).getByRole('listitem').first()).toContainText('database connections')
  await expect(page.getByRole('list', { name: /When the line of Shop/ }).getByRole('listitem')).toHaveCount(2)
  await expect(page.getByText(/With one of 3\sinstances gone/)).toBeVisible()
  await expect(page.getByRole('slider', { name: /Load of Shop over time/ })).toBeVisible()
  const curve = page.getByRole('slider', { name: /database connections over load/ })
  const before = await curve.getAttribute('aria-valuetext')
  await curve.focus()
  await page.keyboard.press('ArrowLeft')
  await expect(curve).not.toHaveAttribute('aria-valuetext', before ?? '')
  await page.getByRole('button', { name: 'As table' }).first().click()
  await expect(page.getByRole('region', { name: 'database connections, as a table' })).toBeVisible()
})

test('the load tests of a service say when they cannot be had, what came of them, and how there come to be any', async ({ page }) => {
  const path = `${API}/services/shop/tests`
  const refused = { error: { kind: 'upstream', message: 'the journal is away', help: null, request_id: '7' } }
  await page.route(path, (route) => route.fulfill({ status: 404, json: refused }))
  await page.goto('/capacity/services/shop')
  const failed = page.getByRole('alert').filter({ hasText: 'no load tests' })
  await expect(failed).toContainText('The journal is away')
  const told = { id: '1', at: Date.now() - 86_400_000, sort: 'capacity', name: 'checkout', release: '1.4.2', by: 'ci', holds: 700, breaks: 820, limit: 'p95', resources: [] }
  await page.route(path, (route) => route.fulfill({ json: { at: Date.now(), tests: [told] } }))
  await failed.getByRole('button', { name: 'Again' }).click()
  await expect(page.getByRole('region', { name: 'Load tests of Shop' })).toContainText('bore 700')
  await page.route(path, (route) => route.fulfill({ json: { at: Date.now(), tests: [] } }))
  await page.reload()
  await expect(page.getByText('No load test counts for it yet')).toBeVisible()
  await expect(page.getByText(/plimsoll load capacity plan.yaml --service shop/)).toBeVisible()
})

test('on paper a service is light, has its date and nothing to press', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto('/capacity/services/shop')
  await expect(page.getByRole('slider', { name: /Load of Shop over time/ })).toBeVisible()
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await page.setViewportSize({ width: 688, height: 970 })
  await expect(page.getByText(/^as of \d/)).toBeVisible()
  await expect(page.getByRole('button')).toHaveCount(0)
  await expectNoSideways(page)
  expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe('rgb(22, 27, 33)')
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await page.emulateMedia({ media: 'screen', colorScheme: 'dark' })
  expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe('rgb(233, 237, 241)')
})

test('without services the page says what to write', async ({ page }) => {
  await page.route(`${API}/services`, (route) => route.fulfill({ json: { at: Date.now(), services: [] } }))
  await page.goto('/capacity')
  await expect(page.getByText('No service is declared yet')).toBeVisible()
  await expect(page.getByText('relation: held')).toBeVisible()
})

for (const scheme of ['light', 'dark'] as const) {
  for (const path of ['/capacity', '/capacity/services/shop', '/capacity/services/archive']) {
    test(`${path} hinders nobody, in ${scheme} and on a narrow screen`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme })
      await page.goto(path)
      await expect(page.getByRole('meter').first()).toBeVisible()
      await expectAccessible(page)
      await page.setViewportSize({ width: 390, height: 844 })
      await expectNoSideways(page)
      await expectThumbs(page)
    })
  }
}
