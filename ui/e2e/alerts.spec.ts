import { expect, test } from '@playwright/test'

import { API, expectAccessible, firing } from './kit/parts'

test('alerts stand in groups, by name or by a label', async ({ page }) => {
  await firing(page, 'Twin', { side: 'right' })
  await page.goto('/alerts')
  const twins = page.getByRole('list', { name: 'Twin', exact: true })
  await expect(twins.getByText('the left one is at 7')).toBeVisible()
  await expect(twins.getByText('the right one is at 7')).toBeVisible()
  await page.goto('/alerts?by=side')
  await expect(page.getByRole('list', { name: 'side left', exact: true })).toBeVisible()
})

test('one alert says what became of it, who was told, and leads to its rule', async ({ page }) => {
  const { id } = await firing(page, 'Single')
  await page.goto(`/alerts/${id}`)
  await expect(page.getByRole('heading', { level: 1, name: 'Single' })).toBeVisible()
  await expect(page.getByRole('list', { name: /What became of it/ })).toContainText('fires: info')
  await expect(page.getByRole('list', { name: /Messages/ })).toContainText('away')
  await expect(page.getByRole('list', { name: /Messages/ })).toContainText('not accepted yet')
  await expect(page.getByText('0 of 1 receiver')).toBeVisible()
  await expect(page.getByText('its line is at 2')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Changed before it fired' })).toBeVisible()
  await expect(page.getByText('None matches it')).toBeVisible()
  await expect(page.locator('figure canvas')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'The rule' }).click()
  const rules = page.getByRole('list', { name: 'Rules of e2e' })
  await expect(rules.getByRole('listitem').filter({ hasText: 'fires at once' })).toContainText('vector(3) > 2')
  await expect(rules.getByText('Twin', { exact: true })).toHaveCount(0)
})

test('an alert of an objective leads to it, and shows its budget', async ({ page }) => {
  const { id } = await firing(page, 'Single')
  await page.route(`${API}/alerts/${id}`, async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { alert: Record<string, unknown> }
    Object.assign(body.alert, { source: 'objective/calm', name: 'ObjectiveBurnsBudget', expr: null })
    await route.fulfill({ response, json: body })
  })
  await page.goto(`/alerts/${id}`)
  await expect(page.getByRole('heading', { name: 'Budget over time' })).toBeVisible()
  await expect(page.getByText('of what the budget allows')).toBeVisible()
  await page.getByRole('link', { name: 'The objective' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'The machine is calm' })).toBeVisible()
})

test('a thousand alerts at once are one line until somebody asks', async ({ page }) => {
  await page.route(`${API}/alerts`, async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { active: { id: string; labels: Record<string, string> }[] }
    const [one] = body.active
    const hosts = Array.from({ length: 1000 }, (_, at) => `web-${at}.a-region-with-a-long-name.compute.internal`)
    const active = hosts.map((host) => Object.assign({}, one, { id: host, name: 'Full', summary: `${host} is full`, labels: { alertname: 'Full', host } }))
    await route.fulfill({ response, json: { ...body, active } })
  })
  await page.goto('/alerts')
  const group = page.getByRole('list', { name: 'Full', exact: true })
  await expect(page.getByText(/1.000\salerts/)).toBeVisible()
  await expect(group).toHaveCount(0)
  await page.getByText('Full', { exact: true }).click()
  await expect(group.getByRole('listitem')).toHaveCount(100)
  await page.getByRole('button', { name: 'Show 100 more' }).click()
  await expect(group.getByRole('listitem')).toHaveCount(200)
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
  await expect(page.getByRole('list', { name: 'Silences, ended' })).toContainText(reason)
  await page.goto(`/alerts/${id}`)
  await expect(page.getByRole('heading', { level: 1, name: 'Twin' })).toBeVisible()
  await expect(page.getByText('Nobody is told:')).toHaveCount(0)
})

test('a silence may begin later, and what comes again stands in the settings', async ({ page }) => {
  await page.goto(`/silences/new?matchers=${encodeURIComponent('{alertname="Twin"}')}`)
  await page.getByRole('button', { name: 'later' }).click()
  await expect(page).toHaveURL(/at=/)
  await expect(page.getByLabel('When it begins')).toHaveValue(/T\d\d:00$/)
  await page.getByText('Does it come again and again').click()
  await expect(page.getByText(`matchers: ['alertname="Twin"']`)).toBeVisible()
  await expectAccessible(page)
  await page.goto('/silences')
  const windows = page.getByRole('list', { name: 'Times that come again' })
  await expect(windows).toContainText('03:00 to 03:01, sunday, Europe/Berlin')
})

test('a silence can be changed', async ({ page }) => {
  const reason = `changed by ${test.info().testId} ${Date.now()}`
  const made = await page.request.post('/api/plimsoll/v1/silences', {
    data: { matchers: ['alertname="NobodyHasThis"'], duration_ms: 3_600_000, created_by: 'Ada', reason, confirm: true },
  })
  expect(made.ok()).toBe(true)
  await page.goto(`/silences?find=${encodeURIComponent(reason)}`)
  await page.getByRole('link', { name: `Change the silence «${reason}»` }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Change a silence' })).toBeVisible()
  await page.getByRole('button', { name: '8 h', exact: true }).click()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  await page.getByRole('button', { name: /Keep it for 8/ }).click()
  await expect(page.getByRole('listitem').filter({ hasText: reason })).toHaveCount(1)
  await expect(page.getByRole('listitem').filter({ hasText: reason })).toContainText(/[78].h/)
})

test('a silence that would match everything has to be meant', async ({ page }) => {
  await page.goto(`/silences/new?matchers=${encodeURIComponent('{alertname=~".*"}')}`)
  await expect(page.getByRole('checkbox', { name: /I know, and want it all the same/ })).toBeVisible()
})
