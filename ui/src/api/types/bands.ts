// What is usual at each hour.
import type { Labels } from './index'

export type BandList = { zone: string; width: number; step: number; times: number[]; series: BandView[] }

export type BandView = {
  labels: Labels
  since: number | null
  basis: string | null
  low: (number | null)[]
  mid: (number | null)[]
  high: (number | null)[]
  shift: ShiftView | null
}

export type ShiftView = { at: number; by: number | null; times: number | null }
