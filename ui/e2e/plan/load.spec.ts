import { expect, test, type APIRequestContext } from '@playwright/test'

import { expectAccessible, expectNoSideways, expectThumbs } from '../kit/parts'

const LOAD = '/api/plimsoll/v1/load'
const SECONDS = 20
const times = (p95: number) => ({ count: 1000, mean_ms: p95 / 3, p50_ms: p95 / 4, p90_ms: p95 / 2, p95_ms: p95, p99_ms: p95 * 2, max_ms: p95 * 3 })

/** A report as `plimsoll load --json` writes it. */
function report(plan: string, p95: number, word = 'passed') {
  const requests = {
    good: 1000,
    failed: word === 'failed' ? 20 : 0,
    failed_share: word === 'failed' ? 0.02 : 0,
    good_per_second: 50,
    body_bytes: 4000,
    statuses: { '200': 1000 },
    troubles: {},
    response: times(p95),
    service: times(p95 * 0.9),
    send_lag: times(0.1),
    response_good: times(p95),
  }
  const row = { sent: 50, good: 50, failed: 0, in_flight: 2, response_p50_ms: p95 / 4, response_p95_ms: p95, response_p99_ms: p95 * 2, cpu_seconds: 0.01, response_buckets: [700, 50] }
  return {
    schema: 'plimsoll.load/1',
    plan: {
      name: plan,
      seed: 1,
      model: 'open',
      profile: null,
      compressed: null,
      targets: ['http://127.0.0.1:9'],
      scenarios: [{ name: 'buyer', load: { model: 'open', arrivals: 1000, rate_max: 50 }, seconds: SECONDS, connections: 'shared', http: '1.1' }],
    },
    started_ms: Date.now() - 60_000,
    took_seconds: SECONDS,
    ending: { how: 'done' },
    verdict: { word, exit_code: word === 'failed' ? 1 : 0, doubts: [], rules: [{ rule: 'errors < 1%', value: requests.failed_share, bound: 0.01, kept: word !== 'failed' }] },
    journeys: { due: 1000, begun: 1000, unsent: 0 },
    requests,
    steps: [{ ...requests, scenario: 'buyer', step: 'GET /basket' }],
    generator: { workers: 1, cpu_share: 0.05, lateness: times(0.1), clock_step_seconds: 0 },
    connections: { made: 1, made_in: times(1), stale: 0 },
    recovery: null,
    trends: [],
    timeline: { seconds: 1, rows: Array.from({ length: SECONDS }, () => row) },
  }
}

/** The program takes changes from its own pages only. */
async function post<T>(request: APIRequestContext, path: string, data: unknown, baseURL = ''): Promise<T> {
  const answer = await request.post(path, { data, headers: { origin: baseURL } })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()) as T
}

type Kept = { run: { id: string } }

test('runs are listed, one shows what came out, and two lie over each other', async ({ page, request, baseURL }) => {
  const plan = `checkout ${Date.now()}`
  const before = await post<Kept>(request, `${LOAD}/runs`, { report: report(plan, 40), release: '1.4.1' }, baseURL)
  await post(request, `${LOAD}/runs`, { report: report(plan, 80, 'failed'), release: '1.4.2' }, baseURL)

  await page.goto(`/load?find=${encodeURIComponent(plan)}`)
  const rows = page.getByRole('list', { name: /Load tests that are over/ }).getByRole('listitem')
  await expect(rows).toHaveCount(2)
  await expect(rows.first()).toContainText('failed')
  for (const box of await rows.getByRole('checkbox').all()) await box.check()
  await page.getByRole('link', { name: 'Lay 2 over each other' }).click()
  await expect(page.getByRole('slider', { name: /Response p95/ })).toHaveAttribute('aria-valuetext', /40\sms.*80\sms|80\sms.*40\sms/)

  await page.goto(`/load/runs/${before.run.id}`)
  await expect(page.getByText('50 /s answered well')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Step by step' })).toContainText('GET /basket')
  const course = page.getByRole('slider', { name: /Response times/ })
  await course.focus()
  await page.keyboard.press('Home')
  await expect(course).toHaveAttribute('aria-valuenow', '1')
  await expectAccessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
  await expectThumbs(page)
})

const row = (second: number) => ({ second, sent: 50, good: 50, failed: 0, in_flight: 1, response_p50_ms: 5, response_p95_ms: 9, response_p99_ms: 12 })

test('a run that goes on is followed second by second, and stopped with a reason', async ({ page, request, baseURL }) => {
  const plan = `live ${Date.now()}`
  const { id } = await post<{ id: string }>(request, `${LOAD}/live`, { plan, by: 'ci', targets: ['http://127.0.0.1:9'], seconds: 60 }, baseURL)
  await post(request, `${LOAD}/live/${id}`, { rows: [row(1), row(2)] }, baseURL)

  await page.goto('/load')
  await page.getByRole('list', { name: 'Load tests that go on' }).getByRole('link', { name: plan }).click()
  await expect(page.getByText('50 /s answered well')).toBeVisible()
  const course = page.getByRole('slider', { name: /Response times/ })
  await expect(course).toHaveAttribute('aria-valuemax', '2')
  await post(request, `${LOAD}/live/${id}`, { rows: [row(3)] }, baseURL)
  await expect(course).toHaveAttribute('aria-valuemax', '3')
  await expectAccessible(page)

  await page.getByRole('button', { name: 'Stop this run…' }).click()
  await page.getByLabel('Your name').fill('Anna')
  await page.getByLabel('Why').fill('orders fail')
  await page.getByRole('button', { name: 'Stop this run', exact: true }).click()
  await expect(page.getByText(/stopped by Anna orders fail/)).toBeVisible()
  expect(await post<{ stop: boolean }>(request, `${LOAD}/live/${id}`, { rows: [] }, baseURL)).toMatchObject({ stop: true })
})

test('the runs of a gate stand as one, which says what came of it', async ({ page, request, baseURL }) => {
  const plan = `gated ${Date.now()}`
  const { run } = await post<Kept & { run: Record<string, unknown> }>(request, `${LOAD}/runs`, { report: report(plan, 40) }, baseURL)
  const id = '06b0aaaa1-0011223344'
  const runs = ['before', 'after'].map((side, at) => ({
    run: { ...run, id: `${run.id}${at}`, release: `1.4.${at}`, gate: { id, side, round: 1 } },
    gate_verdict: 'failed',
    baseline: false,
    report_kept: true,
    page_kept: false,
  }))
  const gate = { id, plan, service: 'shop', release_before: '1.4.0', release: '1.4.1', by: 'ci', told_at: Date.now(), refused: [], changes: [{ step: null, figure: 'errors', difference: 0.02, change: 'worse' }], impact: [{ resource: 'cpu', difference: 0.1, changed: true, budget: 'cpu <= +5%', kept: false }] }
  await page.route(`**${LOAD}/runs?**`, (route) => route.fulfill({ json: { at: Date.now(), runs, next: null } }))
  await page.route(`**${LOAD}/gates/${id}`, (route) => route.fulfill({ json: { verdict: 'failed', gate, runs } }))
  await page.goto('/load')
  const rows = page.getByRole('list', { name: /Load tests that are over/ }).getByRole('listitem')
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText('1.4.0 → 1.4.1')
  await rows.getByRole('link', { name: plan }).click()
  await expect(page.getByText('1.4.1 is worse than 1.4.0')).toBeVisible()
  await expect(page.getByRole('region', { name: 'What changed' })).toContainText('+2.0\u00a0points')
  await expect(page.getByRole('region', { name: 'What each request takes' })).toContainText('exceeded')
  await expect(page.getByRole('region', { name: 'Its runs' }).getByRole('row')).toHaveCount(3)
  await expectAccessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoSideways(page)
  await expectThumbs(page)
})

test('a gate stands as one from its first run on', async ({ page, request, baseURL }) => {
  const plan = `going ${Date.now()}`
  const id = `${Date.now().toString(16)}-1`
  const gate = (side: string) => ({ id, side, round: 1 })
  await post(request, `${LOAD}/runs`, { report: report(plan, 40), release: '1.4.0', gate: gate('before') }, baseURL)
  await post(request, `${LOAD}/live`, { plan, release: '1.4.1', by: 'ci', targets: [], seconds: 60, gate: gate('after') }, baseURL)
  await page.goto(`/load?find=${encodeURIComponent(plan)}`)
  await expect(page.getByRole('list', { name: 'Load tests that go on' }).getByRole('listitem').filter({ hasText: plan })).toContainText('gate, after, round 1')
  const rows = page.getByRole('list', { name: /Load tests that are over/ }).getByRole('listitem')
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText('goes on')
  await rows.getByRole('link', { name: plan }).click()
  await expect(page.getByText('gate goes on')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Its runs' }).getByRole('row')).toHaveCount(2)
  await expectAccessible(page)
})

test('before any run the page says how to send one', async ({ page }) => {
  await page.route(`**${LOAD}/runs?**`, (route) => route.fulfill({ json: { at: Date.now(), runs: [], next: null } }))
  await page.goto('/load')
  await expect(page.getByText('No load test was told here yet')).toBeVisible()
  await expect(page.getByText(/--send http/)).toBeVisible()
})

test('a load test that is planned is approved by somebody else, or taken back', async ({ page, request, baseURL }) => {
  const plan = `night ${Date.now()}`
  const text = `name: ${plan}\ntarget: http://127.0.0.1:9\nscenarios:\n  - name: one\n    stages: [{rate: 5, for: 10s}]\n    steps: [{get: /}]\n`
  const job = { name: 'plan.yaml', text, files: [], profile: null, rate: null }
  const wish = { job, by: 'ann', confirm: ['http://127.0.0.1:9'], first: true, dry_run: false, at: Date.now() + 3 * 3_600_000 }
  await post(request, `${LOAD}/schedules`, wish, baseURL)

  await page.goto('/load')
  const planned = page.getByRole('list', { name: 'Scheduled load tests' }).getByRole('listitem').filter({ hasText: plan })
  await expect(planned).toContainText('to approve')
  await expect(planned).toContainText('planned by ann')
  await planned.getByRole('button', { name: /^Approve/ }).click()
  const approve = planned.getByRole('button', { name: 'Approve', exact: true })
  await planned.getByLabel('Your name').fill('ann')
  await expect(approve).toBeDisabled()
  await planned.getByLabel('Your name').fill('bob')
  await approve.click()
  await expect(planned).toContainText('approved by bob')
  await expectAccessible(page)
  await planned.getByRole('button', { name: /^Cancel/ }).click()
  await planned.getByRole('button', { name: /^Cancel/ }).click()
  await expect(planned).toContainText('cancelled')
})
