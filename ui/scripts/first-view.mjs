// How soon the first page is drawn by a running program: the median of several visits with an empty cache.
import { chromium } from '@playwright/test'

const url = process.env.PLIMSOLL_URL ?? 'http://127.0.0.1:7546'
const VISITS = 7

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
const visits = []
for (let visit = 0; visit < VISITS; visit += 1) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(url)
  await page.getByRole('heading', { name: 'Room left' }).waitFor()
  visits.push(
    await page.evaluate(() => ({
      painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      full: performance.now(),
      bytes: performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.includes('/assets/'))
        .reduce((sum, { transferSize }) => sum + transferSize, 0),
    })),
  )
  await context.close()
}
await browser.close()

const median = (pick) => visits.map(pick).toSorted((one, other) => one - other)[Math.floor(VISITS / 2)]
process.stdout.write(
  `first view of ${url}, median of ${VISITS}: first paint ${median(({ painted }) => painted).toFixed(0)} ms, ` +
    `answers shown ${median(({ full }) => full).toFixed(0)} ms, files ${(median(({ bytes }) => bytes) / 1000).toFixed(1)} kB on the wire\n`,
)
