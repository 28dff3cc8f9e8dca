import { expect, test } from '@playwright/test'

import { someResource } from './kit/parts'

test('every page is reached by two keys', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Room left' })).toBeVisible()
  for (const [key, name] of [
    ['r', 'Resources'],
    ['a', 'Alerts'],
    ['b', 'Objectives'],
    ['c', 'Changes'],
    ['e', 'Explore'],
    ['u', 'Rules'],
    ['t', 'Targets'],
    ['s', 'Status'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  }
  await page.keyboard.press('g')
  await page.keyboard.press('o')
  await expect(page.getByRole('heading', { name: 'Room left' })).toBeVisible()
})

test('a resource is found and opened without a mouse', async ({ page }) => {
  const { title } = await someResource(page)
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Room left' })).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.getByRole('combobox')).toBeFocused()
  await page.keyboard.type(title)
  await expect(page.getByRole('option', { name: title }).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/resources\/.+/)
})

test('help opens and closes by key, and gives the focus back', async ({ page }) => {
  await page.goto('/')
  const help = page.getByRole('button', { name: 'Keys' })
  await help.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(help).toBeFocused()
})

test('the window moves and zooms by key', async ({ page }) => {
  const { id } = await someResource(page)
  await page.goto(`/resources/${encodeURIComponent(id)}?range=1h`)
  await expect(page.locator('figure canvas')).toBeVisible()
  await page.keyboard.press('-')
  await expect(page).toHaveURL(/range=2h/)
  await page.keyboard.press('+')
  await expect(page).toHaveURL(/range=1h/)
  await page.keyboard.press('[')
  await expect(page).toHaveURL(/from=.*to=/)
  await page.keyboard.press(']')
  await expect(page).toHaveURL(/range=1h/)
})

test('what has the focus can be seen', async ({ page }) => {
  await page.goto('/resources')
  await expect(page.getByRole('list').first()).toBeVisible()
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab')
    const outline = await page.evaluate(() => {
      const focused = document.activeElement
      return focused && focused !== document.body ? getComputedStyle(focused).outlineStyle : 'none'
    })
    expect(outline).not.toBe('none')
  }
})

test('colours can be set, and stay set', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto('/')
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const dark = await ground()
  await page.getByRole('button', { name: /Change to light/ }).click()
  expect(await ground()).not.toBe(dark)
  await page.reload()
  await expect(page.getByRole('button', { name: /Colours: light/ })).toBeVisible()
  expect(await ground()).not.toBe(dark)
})
