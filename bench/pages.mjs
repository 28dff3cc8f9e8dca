// How soon pages are drawn, each visit with an empty cache, the pages in turn.
// Usage: node bench/pages.mjs VISITS NAME=URL=SELECTOR...; lines of tab-separated cells on standard output.
import { createRequire } from 'node:module'

const { chromium } = createRequire(new URL('../ui/package.json', import.meta.url))('@playwright/test')
const [visits, ...pages] = process.argv.slice(2)
const wanted = pages.map((page) => {
  const [name, url, ...selector] = page.split('=')
  return { name, url, selector: selector.join('='), seen: [] }
})

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
// The first round warms the browser and is not counted.
for (let visit = 0; visit <= Number(visits); visit += 1) {
  for (const { url, selector, seen } of wanted) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    await page.goto(url, { waitUntil: 'commit' })
    await page.locator(selector).first().waitFor()
    const shown = await page.evaluate(() => performance.now())
    await page.waitForTimeout(300)
    const found = await page.evaluate(() => ({
      painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
      fetched: performance.getEntriesByType('resource').map(({ name }) => name),
    }))
    if (visit > 0) seen.push({ shown, ...found })
    await context.close()
  }
}
await browser.close()

for (const { name, seen } of wanted) {
  const sorted = (pick) => seen.map(pick).sort((one, other) => one - other)
  const middle = Math.floor(seen.length / 2)
  const [painted, shown] = [sorted((one) => one.painted), sorted((one) => one.shown)]
  process.stdout.write(
    [name, painted[middle], painted.at(-1), shown[middle], shown.at(-1)].map((cell) => (typeof cell === 'number' ? cell.toFixed(0) : cell)).join('\t') + '\n',
  )
  for (const url of seen[0].fetched) process.stdout.write(`${name}\tfetched\t${url}\n`)
}
