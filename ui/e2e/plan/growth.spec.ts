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

test('the program itself answers with a review, and without anything to review the page says what to write', async ({ page }) => {
  await page.goto('/capacity/sizes')
  await expect(page.getByRole('list', { name: /Sizes, the most worth/ }).or(page.getByText('Nothing is reviewed yet'))).toBeVisible()
})
