// The last hour as a line the height of a word. Beside numbers, so it needs no words of its own.
import style from '../parts.module.css'
import { sparkPath } from './spark-path'

const WIDTH = 96
const HEIGHT = 24

export function Spark({ values, line }: { values: readonly (number | null)[]; line?: number }) {
  const { path, lineAt } = sparkPath(values, { width: WIDTH, height: HEIGHT, line })
  if (path === '') return <span class={style.nospark}>no samples</span>
  return (
    <svg class={style.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {lineAt !== null && <path class={style.sparkline} d={`M0 ${lineAt}H${WIDTH}`} />}
      <path d={path} />
    </svg>
  )
}
