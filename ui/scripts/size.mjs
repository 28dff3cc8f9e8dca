// How much a browser has to fetch for the first view, and for everything. Builds in memory, so that
// no stale folder can answer; fails above the limit.
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

/** From the requirements: first view under 150 kB gzipped. */
const FIRST_VIEW_LIMIT = 150_000

const { output } = await build({ logLevel: 'error', build: { write: false } })
const size = (file) => gzipSync(file.type === 'chunk' ? file.code : file.source).length
const page = output.find((file) => file.fileName === 'index.html')
const named = [...String(page.source).matchAll(/(?:src|href)="\/([^"]+)"/g)].map((found) => found[1])

const wanted = new Set(['index.html', ...named])
const overview = output.find((file) => file.type === 'chunk' && /pages\/overview\//.test(file.facadeModuleId ?? ''))
for (const file of [overview, ...output.filter((one) => wanted.has(one.fileName))]) {
  if (!file) continue
  wanted.add(file.fileName)
  for (const name of [...(file.imports ?? []), ...(file.viteMetadata?.importedCss ?? [])]) wanted.add(name)
}

const first = output.filter((file) => wanted.has(file.fileName)).reduce((sum, file) => sum + size(file), 0)
const all = output.reduce((sum, file) => sum + size(file), 0)
const said = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
process.stdout.write(`pages, gzipped: first view ${said(first)}, everything ${said(all)}\n`)
if (first > FIRST_VIEW_LIMIT) {
  process.stderr.write(`the first view is above its limit of ${said(FIRST_VIEW_LIMIT)}\n`)
  process.exit(1)
}
