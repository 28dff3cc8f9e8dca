import { expect, test } from '@playwright/test'

import { API, expectAccessible, expectNoSideways, expectThumbs } from '../kit/parts'

const DAY = 86_400_000
const QUOTA = {
  id: 'addresses-1',
  title: 'Addresses in Frankfurt',
  owner: 'cloud team',
  labels: { region: 'frankfurt' },
  granted_by: 'AWS Service Quotas',
  unit: 'count',
  used: 45,
  limit: 50,
  share: 0.9,
  level: 'critical',
  lead_time_ms: 14 * DAY,
  outlook: '90 % between 24 and 30 November',
  ask_by: Date.now() - DAY,
  due: true,
  ask_for: 63,
  decision: null,
  before: { at: 0, quarter: '2026-Q3', verdict: 'asked', reason: '', by: 'Ben', limit: 20, asked_for: 50 },
}
const QUOTAS = { at: 0, quarter: '2026-Q4', due: 1, decided: 0, quotas: [QUOTA] }

test('a quota that is due says by when to ask for how much, and what was done is taken down', async ({ page }) => {
  await page.route(`${API}/quotas`, (route) => route.fulfill({ json: QUOTAS }))
  let told: unknown
  await page.route(`${API}/quotas/addresses-1/decision`, (route) => {
    told = route.request().postDataJSON()
    return route.fulfill({ json: QUOTA })
  })
  await page.goto('/capacity/quotas')
  await expect(page.getByText('1 quota to ask for')).toBeVisible()
  const row = page.getByRole('list', { name: /Quotas, what is to be asked for/ }).getByRole('listitem')
  await expect(row).toContainText('for 63; a grant takes 14 days')
  await expect(row).toContainText('50 asked for by Ben, granted since in quarter 3 of 2026')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Keep Addresses in Frankfurt as it is' }).click()
  await page.getByLabel('Your name').fill('Anna')
  await expect(page.getByRole('button', { name: 'Keep it', exact: true })).toBeDisabled()
  await page.getByRole('button', { name: 'Not now' }).click()
  await page.getByRole('button', { name: 'More of Addresses in Frankfurt was asked for' }).click()
  await expect(page.getByLabel('New limit')).toHaveValue('63')
  await page.getByLabel('New limit').fill('many')
  await page.getByLabel('Your name').fill('Anna')
  await expect(page.getByRole('button', { name: 'Record it' })).toBeDisabled()
  await page.getByLabel('New limit').fill('80')
  await page.getByRole('button', { name: 'Record it' }).click()
  await expect.poll(() => told).toEqual({ verdict: 'asked', by: 'Anna', reason: '', asked_for: 80 })
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
  await expectThumbs(page)
})

test('what was decided of quotas before says when it cannot be had, and then what came of it', async ({ page }) => {
  const path = `${API}/quotas/decisions`
  await page.route(`${API}/quotas`, (route) => route.fulfill({ json: QUOTAS }))
  const refused = { error: { kind: 'upstream', message: 'the journal is away', help: null, request_id: '7' } }
  await page.route(path, (route) => route.fulfill({ status: 404, json: refused }))
  await page.goto('/capacity/quotas')
  const failed = page.getByRole('alert').filter({ hasText: 'no earlier decisions' })
  await expect(failed).toContainText('The journal is away')
  const past = { quota: 'addresses-1', title: QUOTA.title, at: 0, quarter: '2026-Q3', verdict: 'asked', reason: '', by: 'Ben', used: 18, limit: 20, asked_for: 50, limit_after: 50, granted: true }
  await page.route(path, (route) => route.fulfill({ json: { at: 0, decisions: [past], more: false } }))
  await failed.getByRole('button', { name: 'Again' }).click()
  await expect(page.getByRole('region', { name: 'Earlier quarters' })).toContainText('50 asked for by Ben')
})

test('the program itself lists its quotas, and without any the page says what to write', async ({ page }) => {
  await page.goto('/capacity/quotas')
  await expect(page.getByRole('link', { name: 'Licences' })).toBeVisible()
  await expect(page.getByText('2 of 100')).toBeVisible()
  await page.route(`${API}/quotas`, (route) => route.fulfill({ json: { ...QUOTAS, due: 0, quotas: [] } }))
  await page.reload()
  await expect(page.getByText('No quota is declared yet')).toBeVisible()
  await expect(page.getByText('lead_time: 14d')).toBeVisible()
})

const FINDINGS = [
  {
    kind: 'distribution',
    subject: 'shop/replicas',
    title: 'Shop: a read replica is due',
    severity: 'critical',
    evidence: ['the load is at 95 % of what database connections carries', '2.9 k/s reads beside 380 /s writes'],
    advice: 'one replica that takes half of the reads lets it carry up to 1.79 times as much',
    saving_month: null,
    currency: null,
    verify: 'use of database connections falls at the same load',
  },
  {
    kind: 'size',
    subject: 'web-1',
    title: 'web-1',
    severity: 'info',
    evidence: ['use lay above it for 0 % of the past'],
    advice: 'm5.large would do',
    saving_month: 140,
    currency: 'EUR',
    verify: 'the saving is booked when the size seen has changed',
  },
]

for (const scheme of ['light', 'dark'] as const) {
  test(`findings say what they rest on and lead to where they are decided, in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme })
    await page.route(`${API}/findings`, (route) => route.fulfill({ json: { at: 0, findings: FINDINGS } }))
    await page.goto('/capacity/findings')
    await expect(page.getByText('2 findings · 1 critical')).toBeVisible()
    const rows = page.getByRole('list', { name: 'Findings, the worst first' }).locator('> li')
    await expect(rows.first()).toContainText('the load is at 95 %')
    await expectAccessible(page)
    await page.getByRole('link', { name: /^sizes 1/ }).click()
    await expect(rows).toHaveCount(1)
    await page.setViewportSize({ width: 390, height: 844 })
    await expectNoSideways(page)
    await expectThumbs(page)
    await page.getByRole('link', { name: 'See sizes: web-1' }).click()
    await expect(page).toHaveURL(/\/capacity\/sizes\?find=web-1/)
  })
}

test('the program itself answers with findings, and without any the page says what is looked at', async ({ page }) => {
  await page.goto('/capacity/findings')
  await expect(page.getByRole('list', { name: 'Findings, the worst first' }).or(page.getByText('Nothing was found'))).toBeVisible()
})

test('figures of two ways to go on say what the change is worth, and stand in the address', async ({ page }) => {
  await page.goto('/capacity/worth')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Start with this example' }).click()
  await expect(page).toHaveURL(/instead_once=2000\.\.4000/)
  await expect(page.getByText(/Worth [\d,]+ within 12 months/)).toBeVisible()
  const change = page.getByRole('group', { name: 'The change' })
  await expect(change.getByLabel('Costs once')).toHaveValue('2000..4000')
  await change.getByLabel('Costs once').fill('4000..2000')
  await expect(page.getByRole('button', { name: 'Show' })).toBeDisabled()
  await change.getByLabel('Costs once').fill('90,000')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page.getByText(/Loses [\d,]+ within 12 months/)).toBeVisible()
  await expect(page.getByRole('region', { name: 'What the change is worth' })).toContainText('not within 12')
  await expectAccessible(page)
  await page.goBack()
  await expect(page.getByText(/Worth [\d,]+ within 12 months/)).toBeVisible()
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
  await expectThumbs(page)
})
