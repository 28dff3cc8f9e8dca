import { expect, test } from '@playwright/test'

import { API, expectAccessible, expectNoSideways, expectThumbs } from '../kit/parts'

test('what so many tenants need, with the range of each and where it comes from', async ({ page }) => {
  await page.goto('/capacity/growth?from=reference')
  const table = page.getByRole('region', { name: 'What growth needs' })
  await expect(table.getByRole('row')).toHaveCount(6)
  await expect(table.getByRole('columnheader', { name: 'CPU cores' })).toBeVisible()
  await page.getByLabel('How many').fill('200, many')
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByLabel('How many').fill('200, 3k')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/values=200(%2C|,)3000/)
  await expect(table.getByRole('row')).toHaveCount(3)
  await expectAccessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
  await expectThumbs(page)
})

const OFFER = { name: 'm5.large', sizes: [2], text: '2 cores', cost_month: 70, over: 0, over_line: 0, weeks_over: 0, does: true, role: 'proposed' }
const ITEM = {
  id: 'web-1',
  title: 'web-1',
  owner: 'team-shop',
  labels: {},
  advice: 'smaller',
  text: 'web-1: m5.large would have done',
  why_not: null,
  parts: [],
  current: { ...OFFER, name: 'm5.xlarge', text: '4 cores', cost_month: 140, role: 'current' },
  proposed: OFFER,
  risk: 0,
  saving_month: 70,
  benefit: null,
  frontier: [OFFER],
  decision: null,
  before: null,
  booked: null,
}
const SUM = { smaller: 1, larger: 0, fits: 0, unknown: 0, open: 1, accepted: 0, declined: 0, cost_month: 140, saving_month: 70, accepted_month: null }
const LIST = { at: 0, reviewed_at: 0, month: '2026-11', priced: true, prices_wrong: null, currency: 'EUR', sure: 0.9, left_out: 0, sum: SUM, items: [ITEM] }

test('a size is declined with a reason, which the program is told', async ({ page }) => {
  await page.route(`${API}/sizes`, (route) => route.fulfill({ json: LIST }))
  await page.route(`${API}/sizes/reviews`, (route) => route.fulfill({ json: { at: 0, months: [] } }))
  let told: unknown
  await page.route(`${API}/sizes/web-1/decision`, (route) => {
    told = route.request().postDataJSON()
    return route.fulfill({ json: ITEM })
  })
  await page.goto('/capacity/sizes')
  await expect(page.getByText('1 proposal to decide')).toBeVisible()
  await page.getByRole('button', { name: 'All sizes of web-1' }).click()
  await expect(page.getByRole('region', { name: 'Sizes of web-1' })).toContainText('proposed')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Decline for web-1' }).click()
  const decline = page.getByRole('button', { name: 'Decline', exact: true })
  await page.getByLabel('Your name').fill('Anna')
  await expect(decline).toBeDisabled()
  await page.getByLabel('Why not').fill('the end of the year')
  await decline.click()
  await expect.poll(() => told).toEqual({ verdict: 'declined', by: 'Anna', reason: 'the end of the year' })
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
})

const PART = { resource_id: 'x', title: 'CPU of web-1', unit: 'cores', limit: 4, line: 0.8, mean: 1, p99: 2, needed: 2, factor: 1, steps: 22, ahead_days: null, hits: null, evictions: null }
const CACHE = { ...PART, title: 'Cache sessions', unit: 'bytes', limit: 4 * 1024 ** 3, mean: 4e9, p99: 4e9, needed: 3e9, steps: null, hits: 0.71, evictions: 12.8 }

test('a cache that throws out shows what it finds, and a machine is called by what its parts have in common', async ({ page }) => {
  const machine = { ...ITEM, title: 'CPU of web-1, Memory of web-1', labels: { host: 'web-1', zone: 'b' }, parts: [PART, { ...PART, title: 'Memory of web-1', unit: 'bytes' }] }
  const cache = { ...ITEM, id: 'cache', title: 'Cache sessions', text: '4 GiB is too small: 71 % of what is asked is found', parts: [CACHE] }
  await page.route(`${API}/sizes`, (route) => route.fulfill({ json: { ...LIST, items: [machine, cache] } }))
  await page.goto('/capacity/sizes')
  const rows = page.getByRole('list', { name: /Sizes, the most worth/ }).getByRole('listitem')
  await expect(rows.first()).toContainText('web-1CPU, Memory · zone b · team-shop')
  await expect(rows.last()).toContainText(/71\s% of what is asked is found/)
  await page.getByRole('button', { name: 'All sizes of Cache sessions' }).click()
  await expect(rows.last()).toContainText(/12.8\s\/s thrown out for want of room/)
  await expect(page.getByRole('columnheader', { name: 'Weeks too small' })).toHaveCount(0)
  await page.getByRole('button', { name: 'All sizes of web-1' }).click()
  await expect(page.getByRole('columnheader', { name: 'Weeks too small' })).toBeVisible()
  await expectAccessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
  await expectThumbs(page)
})

test('the program itself answers with a review, and without anything to review the page says what to write', async ({ page }) => {
  await page.goto('/capacity/sizes')
  await expect(page.getByRole('list', { name: /Sizes, the most worth/ }).or(page.getByText('Nothing is reviewed yet'))).toBeVisible()
})
