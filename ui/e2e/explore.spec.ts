import { expect, test } from '@playwright/test'

test('a query is completed, run, drawn and listed, and stands in the address', async ({ page }) => {
  await page.goto('/explore')
  const field = page.getByRole('textbox', { name: 'PromQL query' })
  await field.focus()
  await page.keyboard.type('node_memory_MemAv')
  await expect(page.getByRole('option').first()).toContainText('node_memory_MemAvailable_bytes')
  await page.keyboard.press('Tab')
  await expect(field).toHaveValue('node_memory_MemAvailable_bytes')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/query=node_memory_MemAvailable_bytes/)
  await expect(page.locator('figure canvas')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Values, as a table' }).getByRole('row').nth(1)).toBeVisible()
})

test('labels and their values are offered', async ({ page }) => {
  await page.goto('/explore')
  await page.getByRole('textbox', { name: 'PromQL query' }).focus()
  await page.keyboard.type('up{jo')
  await expect(page.getByRole('option', { name: /^job/ })).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.type('="')
  await expect(page.getByRole('option').first()).toBeVisible()
})

test('a wrong query is refused with its words', async ({ page }) => {
  await page.goto(`/explore?query=${encodeURIComponent('sum(rat(up[5m]))')}`)
  const refused = page.getByRole('alert')
  await expect(refused).toContainText('This query is not understood.')
  await expect(page.getByRole('textbox', { name: 'PromQL query' })).toHaveAttribute('aria-invalid', 'true')
})

test('an answer without series says what to try', async ({ page }) => {
  await page.goto('/explore?query=nothing_is_called_this')
  await expect(page.getByText('The answer is empty')).toBeVisible()
  await expect(page.getByText(/api\/v1\/series/)).toBeVisible()
})

test('a step of one\'s own stands in the address', async ({ page }) => {
  await page.goto('/explore?query=up&range=1h')
  const step = page.getByRole('textbox', { name: 'Step' })
  await step.fill('1m')
  await step.press('Enter')
  await expect(page).toHaveURL(/step=1m/)
  await expect(page.getByText('a point every 1m')).toBeVisible()
})
