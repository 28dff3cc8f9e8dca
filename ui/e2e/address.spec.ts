import { expect, test } from '@playwright/test'

import { someResource } from './kit/parts'

test('a filter stands in the address and a link shows the same', async ({ page }) => {
  const { title } = await someResource(page)
  await page.goto('/resources')
  await page.getByRole('searchbox', { name: 'Filter resources' }).fill(title)
  await expect(page).toHaveURL(/find=/)
  const address = page.url()
  await page.goto('/')
  await page.goto(address)
  await expect(page.getByRole('searchbox', { name: 'Filter resources' })).toHaveValue(title)
  await expect(page.getByRole('link', { name: title }).first()).toBeVisible()
})

test('Back undoes a choice of level', async ({ page }) => {
  await page.goto('/resources')
  await page.getByRole('navigation', { name: 'Level' }).getByRole('link').nth(1).click()
  await expect(page).toHaveURL(/level=/)
  await page.goBack()
  await expect(page).not.toHaveURL(/level=/)
  await expect(page.getByRole('navigation', { name: 'Level' }).getByRole('link').first()).toHaveAttribute('aria-current', 'true')
})

test('Back undoes a change of range', async ({ page }) => {
  const { id } = await someResource(page)
  await page.goto(`/resources/${encodeURIComponent(id)}?range=1h`)
  await page.getByRole('link', { name: 'last 6 h' }).click()
  await expect(page).toHaveURL(/range=6h/)
  await page.goBack()
  await expect(page).toHaveURL(/range=1h/)
  await expect(page.getByRole('link', { name: 'last 1 h' })).toHaveAttribute('aria-current', 'true')
})

test('a window can be held and shared', async ({ page }) => {
  const { id } = await someResource(page)
  await page.goto(`/resources/${encodeURIComponent(id)}?range=1h`)
  await page.getByRole('link', { name: 'Hold this window' }).click()
  await expect(page).toHaveURL(/from=\d{4}-.*to=\d{4}-/)
  await page.reload()
  await expect(page.locator('figure')).toBeVisible()
})

test('an address that leads nowhere says so', async ({ page }) => {
  await page.goto('/nowhere')
  await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible()
})
