import { expect, test } from '@playwright/test'

test('rules say how they go, and which fail with what', async ({ page }) => {
  await page.goto('/rules')
  const rules = page.getByRole('list', { name: 'Rules of e2e' })
  await expect(rules.getByText('e2e:one')).toBeVisible()
  const failing = rules.getByRole('listitem').filter({ hasText: 'TwoOfOneName' })
  await expect(failing).toContainText('failing', { timeout: 30_000 })
  await page.getByRole('navigation', { name: 'State' }).getByRole('link', { name: /failing/ }).click()
  await expect(page).toHaveURL(/state=failing/)
  await expect(rules.getByText('e2e:one')).toHaveCount(0)
  await page.getByRole('link', { name: 'dearest first' }).click()
  await expect(page.getByRole('list', { name: 'Rules of all groups' })).toContainText('TwoOfOneName')
})

test('a rule is found by a word and replayed over the past', async ({ page }) => {
  await page.goto('/rules')
  await page.getByRole('searchbox', { name: 'Filter rules' }).fill('Single')
  await expect(page).toHaveURL(/find=Single/)
  await page.getByText('Single', { exact: true }).click()
  const replay = page.getByRole('region', { name: 'Replay' })
  await replay.getByRole('button', { name: '1 day' }).click()
  await expect(replay).toContainText(/\d+\s+pages? in 1\s+day/, { timeout: 40_000 })
})

test('changes are narrowed by kind, and a chart shows those of its time', async ({ page }) => {
  await page.goto('/changes')
  await page.getByRole('navigation', { name: 'Kind' }).getByRole('link', { name: /plimsoll/ }).click()
  await expect(page).toHaveURL(/kind=plimsoll/)
  await expect(page.getByRole('list', { name: 'Changes, Today' })).toContainText('started')
  await page.goto('/explore?query=up&range=24h')
  await expect(page.getByRole('list', { name: 'What changed in this time' })).toBeVisible()
})

test('the status says how messages go', async ({ page }) => {
  await page.goto('/status')
  const receivers = page.getByRole('list', { name: 'Receivers' })
  await expect(receivers).toContainText('away')
  await expect(receivers).toContainText('failing', { timeout: 30_000 })
  await expect(page.getByRole('list', { name: 'Heartbeats' })).toContainText('nightly')
  await page.getByRole('list', { name: 'What cannot be done just now' }).getByRole('link', { name: /TwoOfOneName/ }).click()
  await expect(page.getByText('Only one rule is shown.')).toBeVisible()
})
