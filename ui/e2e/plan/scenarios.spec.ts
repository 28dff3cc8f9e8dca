import { expect, test } from '@playwright/test'

import { expectAccessible, expectNoSideways, expectThumbs } from '../kit/parts'

test('an example runs, a copy of it is changed, and both stand side by side', async ({ page }) => {
  await page.goto('/capacity/scenarios')
  await page.getByRole('button', { name: 'Start with this example' }).click()
  const short = page.getByRole('region', { name: 'What is short, and when' })
  await expect(short.getByRole('row', { name: /database connections/ })).toContainText('one in ten')
  await expect(page.getByRole('region', { name: 'Month by month' }).getByRole('row')).toHaveCount(13)
  await expect(page.getByRole('region', { name: 'What buying in time is worth' }).getByRole('row', { name: /database connections/ })).toContainText('sure')

  await page.getByRole('button', { name: 'Copy to compare' }).click()
  await expect(page).toHaveURL(/edit=growth-2\.yaml/)
  const text = page.getByRole('textbox', { name: 'Text of growth-2.yaml' })
  await text.fill((await text.inputValue()).replace(/deals:\n.*\n/, '').replace('name: Growth and the Q1 launch', 'name: Without ACME'))
  await expect(short.getByRole('columnheader', { name: 'Without ACME' })).toBeVisible()
  await expect(short.getByRole('columnheader', { name: 'Growth and the Q1 launch' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'What sways growth.yaml' })).toContainText('ACME')
  await expect(page.getByRole('region', { name: 'What sways growth-2.yaml' }).getByRole('listitem').filter({ hasText: 'ACME' })).toHaveCount(0)

  await page.reload()
  await expect(text).toHaveValue(/Without ACME/)
  await expect(short.getByRole('columnheader')).toHaveCount(3)
})

test('a scenario that contradicts itself is refused with its place, and what it came to before stays', async ({ page }) => {
  await page.goto('/capacity/scenarios')
  await page.getByRole('button', { name: 'Start with this example' }).click()
  const rows = page.getByRole('region', { name: 'Month by month' }).getByRole('row')
  await expect(rows).toHaveCount(13)
  const text = page.getByRole('textbox', { name: 'Text of growth.yaml' })
  await text.fill((await text.inputValue()).replace('2%..3%..5%', '9%..3%..5%'))
  await expect(page.getByText('line 7 is refused')).toBeVisible()
  await expect(page.getByRole('alert')).toContainText('the wrong way round')
  await expect(text).toHaveAttribute('aria-invalid', 'true')
  await expect(rows).toHaveCount(13)
})

test('a file is opened', async ({ page }) => {
  await page.goto('/capacity/scenarios')
  await page.getByLabel('Open a file…').setInputFiles({
    name: 'own.yaml',
    mimeType: 'application/yaml',
    buffer: Buffer.from(
      'name: Own\nstart: 2026-12-01\nmonths: 3\ndrivers:\n  - {name: users, now: 10, growth: 1%}\nresources:\n  - {name: seats, follows: users, relation: held, now: 5, limit: 100}\n',
    ),
  })
  await expect(page.getByRole('region', { name: 'What is short, and when' })).toContainText('enough')
})

for (const scheme of ['light', 'dark'] as const) {
  test(`scenarios hinder nobody, in ${scheme} and on a narrow screen`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme })
    await page.goto('/capacity/scenarios')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Start with this example' }).click()
    await expect(page.getByRole('region', { name: 'Month by month' })).toBeVisible()
    await expectAccessible(page)
    await page.setViewportSize({ width: 390, height: 844 })
    await expectNoSideways(page)
    await expectThumbs(page)
  })
}
