import { expect, test } from '@playwright/test'

import { expectAccessible, expectNoSideways, expectThumbs, firing, someResource } from './kit/parts'

const PAGES = [
  { name: 'overview', path: '/', shown: 'Room left' },
  { name: 'resources', path: '/resources', shown: 'Resources' },
  { name: 'alerts', path: '/alerts', shown: 'Alerts' },
  { name: 'silences', path: '/silences', shown: 'Silences' },
  { name: 'a new silence', path: '/silences/new', shown: 'New silence' },
  { name: 'objectives', path: '/objectives', shown: 'Objectives' },
  { name: 'one objective', path: '/objectives/calm', shown: 'The machine is calm' },
  { name: 'changes', path: '/changes', shown: 'Changes' },
  { name: 'rules', path: '/rules', shown: 'e2e' },
  { name: 'explore', path: '/explore?query=up', shown: 'Values' },
  { name: 'explore, empty', path: '/explore', shown: 'Explore' },
  { name: 'targets', path: '/targets', shown: 'Add a target' },
  { name: 'status', path: '/status', shown: 'Program' },
] as const

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } })

    for (const { name, path, shown } of PAGES) {
      test(`${name} is accessible`, async ({ page }) => {
        await page.goto(path)
        await expect(page.getByRole('heading', { name: shown, exact: true })).toBeVisible()
        await expectAccessible(page)
      })
    }

    test('one resource is accessible, as a chart and as a table', async ({ page }) => {
      const { id } = await someResource(page)
      await page.goto(`/resources/${encodeURIComponent(id)}?range=1h`)
      await expect(page.locator('figure canvas')).toBeVisible()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'As table' }).click()
      await expect(page.getByRole('columnheader', { name: 'Used' })).toBeVisible()
      await expectAccessible(page, 'figure')
    })

    test('one alert is accessible', async ({ page }) => {
      const { id } = await firing(page, 'Single')
      await page.goto(`/alerts/${id}`)
      await expect(page.locator('figure canvas')).toBeVisible()
      await expect(page.getByText('None matches it')).toBeVisible()
      await expectAccessible(page)
    })

    test('the dialogs are accessible', async ({ page }) => {
      await page.goto('/')
      await expect(page.getByRole('heading', { name: 'Room left' })).toBeVisible()
      await page.keyboard.press('?')
      await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
      await expectAccessible(page)
      await page.keyboard.press('Escape')
      await page.keyboard.press('/')
      await expect(page.getByRole('dialog', { name: 'Find' })).toBeVisible()
      await expectAccessible(page)
    })
  })
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  for (const { name, path, shown } of PAGES) {
    test(`${name} fits, under a thumb too`, async ({ page }) => {
      await page.goto(path)
      await expect(page.getByRole('heading', { name: shown, exact: true })).toBeVisible()
      await expectNoSideways(page)
      await expectThumbs(page)
    })
  }

  test('one alert fits, under a thumb too', async ({ page }) => {
    const { id } = await firing(page, 'Single')
    await page.goto(`/alerts/${id}`)
    await expect(page.locator('figure canvas')).toBeVisible()
    await expectNoSideways(page)
    await expectThumbs(page)
  })

  test('one resource fits', async ({ page }) => {
    const { id } = await someResource(page)
    await page.goto(`/resources/${encodeURIComponent(id)}?range=1h`)
    await expect(page.locator('figure canvas')).toBeVisible()
    await expectNoSideways(page)
  })
})
