// Turns a description of lines into uPlot's options. Knows nothing of what the lines mean.
import uPlot from 'uplot'

import { axisLabels } from './axis'

export type Line = {
  label: string
  /** The name of the token that colours it, without the dashes. */
  token: string
  dash?: readonly number[]
  width?: number
  /** A word drawn at the line's right end. */
  mark?: string
  /** Left out of the legend: the edge of a band. */
  quiet?: boolean
}

export type Band = { upper: number; lower: number; token: string }

export type Picture = {
  lines: readonly Line[]
  bands?: readonly Band[]
  /** Which lines are the edges of what is usual. */
  usual?: { high: number; low: number }
  /** `step` is how far the words of a scale are apart; nothing where a single value is meant. */
  say: (value: number, step?: number) => string
  /** Whether steps of the scale are powers of two. */
  binary?: boolean
  /** Ends of the scale that hold whatever the values are; `null` leaves one to them. */
  low?: number | null
  high?: number | null
  /** A moment to draw an upright line at: now, where a forecast begins. */
  now?: number | null
  /** A moment an alert began at. */
  began?: number | null
  /** Moments at which something was changed. */
  marks?: readonly Mark[]
}

/** Loud: somebody did it. Quiet: it was noticed. */
export type Mark = { at: number; loud: boolean }

export type Columns = { times: readonly number[]; values: readonly (readonly (number | null)[])[] }

export type Hooks = {
  size: { width: number; height: number }
  window: () => { from: number; to: number }
  onPoint: (index: number | null) => void
  onSelect: (from: number, to: number) => void
}

export function aligned(columns: Columns): uPlot.AlignedData {
  return [columns.times as number[], ...columns.values.map((values) => values as (number | null)[])]
}

/** A colour token as this page shows it now: a canvas cannot read variables. */
export function resolve(token: string, host: Element): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${token})`
  host.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  return colour
}

/** The same colour, let through by part. */
export function thin(colour: string, part: number): string {
  const numbers = colour.match(/[\d.]+/g)
  return numbers ? `rgba(${numbers.slice(0, 3).join(',')},${part})` : colour
}

const BINARY_STEPS = Array.from({ length: 61 }, (_, power) => 2 ** power)
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
const BAND_PART = 0.16
/** Room for one letter on an axis, generously. */
const LETTER = 7.2

export function options(picture: Picture, host: Element, hooks: Hooks): uPlot.Options {
  const faint = resolve('ink-faint', host)
  const grid = resolve('line', host)
  const axis: uPlot.Axis = {
    stroke: faint,
    font: FONT,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    gap: 6,
  }
  return {
    ...hooks.size,
    ms: 1,
    legend: { show: false },
    // Half of the last day's word stands beyond the end.
    padding: [10, 26, 0, 0],
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => Object.values(hooks.window()) as [number, number] },
      y: { range: (_plot, low, high) => yRange(picture, low, high) },
    },
    axes: [
      { ...axis, space: 72, values: (_plot, splits, _axis, _space, step) => axisLabels(splits, step), size: 38 },
      {
        ...axis,
        ...(picture.binary ? { incrs: BINARY_STEPS } : {}),
        space: 44,
        values: (_plot, splits) => scaleOf(splits, picture),
        size: (_plot, labels) => 14 + LETTER * Math.max(3, ...(labels ?? []).map((label) => label.length)),
      },
    ],
    series: [{}, ...picture.lines.map((line) => seriesOf(line, host))],
    bands: (picture.bands ?? []).map(({ upper, lower, token }) => ({
      series: [upper + 1, lower + 1],
      fill: thin(resolve(token, host), BAND_PART),
    })),
    hooks: {
      setCursor: [(plot) => hooks.onPoint(plot.cursor.idx ?? null)],
      setSelect: [(plot) => select(plot, hooks.onSelect)],
      draw: [(plot) => drawMarks(plot, picture, host)],
    },
  }
}

/** The words of a scale; finer ones where two would be alike. */
function scaleOf(splits: readonly number[], { say }: Picture): string[] {
  const words = splits.map((value) => say(value))
  const [first, second] = splits
  if (first === undefined || second === undefined || new Set(words).size === words.length) return words
  return splits.map((value) => say(value, Math.abs(second - first)))
}

function seriesOf(line: Line, host: Element): uPlot.Series {
  return {
    label: line.label,
    stroke: line.quiet ? 'transparent' : resolve(line.token, host),
    width: line.quiet ? 0 : (line.width ?? 1.75),
    ...(line.dash ? { dash: [...line.dash] } : {}),
    points: { show: line.quiet || line.mark ? false : lonely },
    spanGaps: false,
  }
}

/** Points are drawn only where too few samples would make no line. */
function lonely(plot: uPlot, series: number): boolean {
  const column = plot.data[series]
  if (!column) return false
  let known = 0
  for (const value of column) if (value !== null && value !== undefined && (known += 1) > 2) return false
  return known > 0
}

function yRange(picture: Picture, low: number | null, high: number | null): [number, number] {
  const bottom = picture.low ?? low ?? 0
  const top = picture.high ?? high ?? 1
  const spread = top - bottom
  if (spread <= 0) return [bottom - Math.abs(bottom) * 0.1 - (bottom === 0 ? 0 : 1e-9), top + (Math.abs(top) * 0.1 || 1)]
  return [picture.low ?? bottom - spread * 0.08, top + spread * 0.08]
}

function select(plot: uPlot, onSelect: Hooks['onSelect']): void {
  const { left, width } = plot.select
  if (width < 8) return
  onSelect(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

function drawMarks(plot: uPlot, picture: Picture, host: Element): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = FONT.replace('12px', `${11 * ratio}px`)
  drawChanges(plot, picture.marks ?? [], host)
  if (picture.now) drawMoment(plot, picture.now, 'now', host)
  if (picture.began) drawMoment(plot, picture.began, 'began', host)
  ctx.textAlign = 'right'
  ctx.textBaseline = 'bottom'
  const drawn: { y: number; left: number }[] = []
  for (const [index, line] of picture.lines.entries()) {
    if (!line.mark) continue
    const column = (plot.data[index + 1] ?? []) as (number | null | undefined)[]
    const value = column.findLast((one) => typeof one === 'number')
    if (typeof value !== 'number') continue
    const y = plot.valToPos(value, 'y', true)
    if (y < bbox.top || y > bbox.top + bbox.height) continue
    ctx.fillStyle = resolve(line.token, host)
    // Beside a word that stands at about the same height.
    const beside = drawn.filter((other) => Math.abs(other.y - y) < 13 * ratio).map(({ left }) => left)
    const right = Math.min(bbox.left + bbox.width, ...beside) - 6 * ratio
    ctx.fillText(line.mark, right, y - 2 * ratio)
    drawn.push({ y, left: right - ctx.measureText(line.mark).width })
  }
  ctx.restore()
}

/** An upright line with a word at its top. */
function drawMoment(plot: uPlot, at: number, word: string, host: Element): void {
  const { ctx, bbox } = plot
  const colour = resolve('ink-faint', host)
  const x = plot.valToPos(at, 'x', true)
  if (x <= bbox.left || x >= bbox.left + bbox.width) return
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  upright(plot, x)
  // On the side where there is room.
  const late = x + ctx.measureText(word).width + 8 * devicePixelRatio > bbox.left + bbox.width
  ctx.textAlign = late ? 'right' : 'left'
  ctx.textBaseline = 'top'
  // Readable before other lines.
  ctx.strokeStyle = resolve('sheet', host)
  ctx.lineWidth = 4 * devicePixelRatio
  const left = x + (late ? -4 : 4) * devicePixelRatio
  ctx.strokeText(word, left, bbox.top)
  ctx.fillText(word, left, bbox.top)
}

function upright({ ctx, bbox }: uPlot, x: number): void {
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, bbox.top + bbox.height)
  ctx.stroke()
  ctx.setLineDash([])
}

/** A wedge on the time axis for each change; those that somebody made have a line too. */
function drawChanges(plot: uPlot, marks: readonly Mark[], host: Element): void {
  if (marks.length === 0) return
  const { ctx, bbox } = plot
  const foot = bbox.top + bbox.height
  const half = 4 * devicePixelRatio
  const [loud, quiet] = [resolve('ink-soft', host), resolve('line-strong', host)]
  for (const mark of marks) {
    const x = plot.valToPos(mark.at, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = loud
    ctx.fillStyle = mark.loud ? loud : quiet
    if (mark.loud) upright(plot, x)
    ctx.beginPath()
    ctx.moveTo(x - half, foot)
    ctx.lineTo(x + half, foot)
    ctx.lineTo(x, foot - 2 * half)
    ctx.closePath()
    ctx.fill()
  }
}
