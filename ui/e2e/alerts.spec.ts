import { expect, test, type Page } from '@playwright/test'

import { expectAccessible } from './kit/parts'

type Alert = { id: string; name: string; state: string; labels: Record<string, string> }

/** An alert of this name that fires; the rules of the settings see to it that there is one. */
async function firing(page: Page, name: string, labels: Record<string, string> = {}): Promise<Alert> {
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

test('alerts stand in groups, by name or by a label', async ({ page }) => {
  await firing(page, 'Twin', { side: 'right' })
  await page.goto('/alerts')
  const twins = page.getByRole('list', { name: 'Twin', exact: true })
  await expect(twins.getByText('side left')).toBeVisible()
  await expect(twins.getByText('side right')).toBeVisible()
  await page.goto('/alerts?by=side')
  await expect(page.getByRole('list', { name: 'side left', exact: true })).toBeVisible()
})

test('one alert says what became of it, who was told, and leads to its rule', async ({ page }) => {
  const { id } = await firing(page, 'Single')
  await page.goto(`/alerts/${id}`)
  await expect(page.getByRole('heading', { level: 1, name: 'Single' })).toBeVisible()
  await expect(page.getByRole('list', { name: /What became of it/ })).toContainText('fires: info')
  await expect(page.getByRole('list', { name: /Messages/ })).toContainText('away')
  await expect(page.getByRole('list', { name: /Messages/ })).toContainText('waiting')
  await expect(page.locator('figure canvas')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'The rule' }).click()
  await expect(page.getByRole('list', { name: 'Rules of e2e' })).toContainText('Single')
})

test('an alert that never was is said to be missing', async ({ page }) => {
  await page.goto('/alerts/0123456789abcdef')
  await expect(page.getByText('That is not there: no alert')).toBeVisible()
})

test('a silence begins at an alert, shows what it matches, wants a reason, and can be ended', async ({ page }) => {
  const { id } = await firing(page, 'Twin', { side: 'left' })
  const reason = `mended by ${test.info().testId} ${Date.now()}`
  await page.goto(`/alerts/${id}`)
  await page.getByRole('link', { name: 'Silence', exact: true }).click()
  await expect(page.getByRole('textbox', { name: 'Value of side' }).or(page.getByRole('combobox', { name: 'Value of side' }))).toHaveValue('left')
  const preview = page.getByRole('region', { name: 'What it would match' })
  await expect(preview).toContainText('1 alert firing now')
  await expectAccessible(page)
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  const make = page.getByRole('button', { name: /Silence for 2/ })
  await make.click()
  await expect(page.getByRole('textbox', { name: 'Reason' })).toHaveAttribute('aria-invalid', 'true')
  await page.getByRole('textbox', { name: 'Reason' }).fill(reason)
  await make.click()
  await expect(page.getByRole('heading', { level: 1, name: 'Silences' })).toBeVisible()
  const row = page.getByRole('listitem').filter({ hasText: reason })
  await expect(row).toContainText('keeps 1 alert quiet')
  await page.goto(`/alerts/${id}`)
  await expect(page.getByText('Nobody is told:')).toBeVisible()
  await page.getByRole('link', { name: /^silence / }).click()
  await row.getByRole('button', { name: `End the silence «${reason}»` }).click()
  await row.getByRole('button', { name: 'End it now' }).click()
  await expect(page.getByRole('list', { name: 'Silences, over' })).toContainText(reason)
  await page.goto(`/alerts/${id}`)
  await expect(page.getByRole('heading', { level: 1, name: 'Twin' })).toBeVisible()
  await expect(page.getByText('Nobody is told:')).toHaveCount(0)
})

test('a silence that would match everything has to be meant', async ({ page }) => {
  await page.goto(`/silences/new?matchers=${encodeURIComponent('{alertname=~".*"}')}`)
  await expect(page.getByRole('checkbox', { name: /I know, and want it all the same/ })).toBeVisible()
})
