import { expect, test } from '@playwright/test'

test('objectives say what is left, and one says how fast it burns', async ({ page }) => {
  await page.goto('/objectives?find=calm')
  const row = page.getByRole('list', { name: 'Objectives, worst first' }).getByRole('listitem')
  await expect(row).toHaveCount(1)
  await expect(row.getByRole('meter', { name: /budget left/ })).toBeVisible()
  await page.getByRole('link', { name: 'The machine is calm' }).click()
  await expect(page).toHaveURL(/\/objectives\/calm/)
  await expect(page.getByRole('heading', { name: 'Budget over time' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'What cost it' })).toBeVisible()
  await expect(page.getByText('node_load1')).toBeVisible()
  await page.getByRole('link', { name: 'burn rate' }).click()
  await expect(page).toHaveURL(/figure=burn/)
  await expect(page.getByRole('heading', { name: 'How fast it burned' })).toBeVisible()
})

test('what burns is shown window by window', async ({ page }) => {
  test.setTimeout(200_000)
  await page.goto('/objectives/calm')
  // The first minute has to be over before anything is counted.
  await expect(page.getByRole('table', { name: /How fast the budget burns/ }).getByRole('row').nth(1)).toBeVisible({ timeout: 100_000 })
  await expect(page.getByText(/of its budget left/)).toBeVisible({ timeout: 100_000 })
})
